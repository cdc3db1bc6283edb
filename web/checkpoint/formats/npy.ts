// The header of NumPy's .npy format: what an array is, before its bytes.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { VitError } from '../../errors.js';
import type { ByteReader } from '../files/byte-reader.js';

/** An array as its header describes it. */
export interface NpyHeader {
  /** As safetensors names it. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Fortran order: the first axis varies fastest. */
  readonly columnMajor: boolean;
  /** The bytes of the header itself. */
  readonly headerBytes: number;
  /** The bytes of the array. */
  readonly bytes: number;
}

/** NumPy's `descr`, without its byte order → safetensors' dtype and the bytes of an element. */
const dtypes = new Map<string, readonly [dtype: string, bytes: number]>(
  Object.entries({
    f8: ['F64', 8],
    f4: ['F32', 4],
    f2: ['F16', 2],
    // NumPy has no bfloat16: JAX's arrays of it are saved as two bytes without a meaning.
    V2: ['BF16', 2],
    i8: ['I64', 8],
    i4: ['I32', 4],
    i2: ['I16', 2],
    i1: ['I8', 1],
    u8: ['U64', 8],
    u4: ['U32', 4],
    u2: ['U16', 2],
    u1: ['U8', 1],
    b1: ['BOOL', 1],
  }),
);

const magic = [0x93, ...new TextEncoder().encode('NUMPY')];

/** The most a header may have; NumPy's own are some 100 bytes. */
const largestHeader = 1 << 16;

/** Reads the header; `reader` is then at the array's first byte. */
export async function readNpyHeader(reader: ByteReader): Promise<NpyHeader> {
  const { name } = reader;
  const start = await reader.read(8);
  if (start.length < 8) throw malformed(name, 'it ends within its header');
  if (magic.some((byte, i) => start[i] !== byte)) throw malformed(name, 'it does not start with "NUMPY"');
  const version = start[6];
  if (version < 1 || version > 3) throw malformed(name, `its version ${version} is unknown`);
  const lengthBytes = await reader.read(version === 1 ? 2 : 4);
  if (lengthBytes.length < (version === 1 ? 2 : 4)) throw malformed(name, 'it ends within its header');
  const view = new DataView(lengthBytes.buffer, lengthBytes.byteOffset);
  const length = version === 1 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (length > largestHeader) throw malformed(name, `its header declares ${length} bytes`);
  const text = await reader.read(length);
  if (text.length < length) throw malformed(name, 'it ends within its header');
  const headerBytes = 8 + lengthBytes.length + length;
  return { ...parseDescription(new TextDecoder().decode(text), name), headerBytes };
}

/** Reads the Python dictionary: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. */
function parseDescription(text: string, name: string): Omit<NpyHeader, 'headerBytes'> {
  if (!/^\s*\{.*\}\s*$/s.test(text)) throw malformed(name, 'its header is not a dictionary');
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const tuple = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (/'descr'\s*:\s*'\|?O/.test(text)) {
    throw new VitError(
      'unsupported-format',
      `${name} contains pickled Python objects, which can run any code when read: save arrays of numbers.`,
    );
  }
  if (descr === undefined) throw malformed(name, 'its header has no descr that is a plain number type');
  if (order === undefined) throw malformed(name, 'its header has no fortran_order');
  if (tuple === undefined) throw malformed(name, 'its header has no shape of whole numbers');
  if (descr.startsWith('>')) {
    throw new VitError('unsupported-format', `${name} is big-endian: save it with astype("<f4").`);
  }
  const [dtype, elementBytes] = dtypes.get(descr.replace(/^[<|=]/, '')) ?? [];
  if (!dtype || !elementBytes) throw malformed(name, `its descr "${descr}" is unknown`);
  const shape = tuple.split(',').map((size) => size.trim());
  if (shape.at(-1) === '') shape.pop();
  const sizes = shape.map((size) => (/^\d+$/.test(size) ? Number(size) : NaN));
  const bytes = sizes.reduce((product, size) => product * size, elementBytes);
  if (!Number.isSafeInteger(bytes)) throw malformed(name, `its shape (${tuple}) is impossible`);
  return { dtype, shape: sizes, columnMajor: order === 'True', bytes };
}

function malformed(name: string, what: string): VitError {
  return new VitError(
    'malformed-archive',
    `${name} is not a NumPy array: ${what}; download the archive again.`,
  );
}
