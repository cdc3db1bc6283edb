// NumPy archives.
import { makeNpy, makeZip, npyOf, type ArchiveFile } from '../archives.js';
import { tinyArrays } from '../tiny-npz.js';
import { latin1, nothing, page, weightsOf, type Malformed, type Row } from './row.js';

const npz = (change: (files: ArchiveFile[]) => ArchiveFile[]) => () => makeZip(change(tinyArrays()));
const array = (name: string, data: Uint8Array) =>
  npz((files) => files.map((file) => (file.name === `${name}.npy` ? { ...file, data } : file)));
/** The class token with another header. */
const header = (content: string, version?: number) =>
  array('cls', makeNpy(content, new Uint8Array(32), version));
const described = (descr: string, shape = '(1, 1, 8)', order = 'False') =>
  header(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`);
const nan = (shape: number[]) =>
  npyOf(shape, new Uint8Array(new Float32Array(shape.reduce((a, b) => a * b)).fill(NaN).buffer));

/** NumPy archives. */
const npzs: readonly Row[] = [
  [
    'an empty array file',
    'malformed-archive',
    'cls.npy is not a NumPy array: it ends within its header',
    array('cls', nothing),
  ],
  [
    'an array that ends within its header',
    'malformed-archive',
    'ends within its header',
    array('cls', npyOf([8], new Uint8Array(32)).slice(0, 30)),
  ],
  ['an array file that is none', 'malformed-archive', 'does not start with "NUMPY"', array('cls', page)],
  ['an array of version 9', 'malformed-archive', 'its version 9 is unknown', header('{}', 9)],
  [
    'an array header of 4 GB',
    'malformed-archive',
    'its header declares 4294967295 bytes',
    array('cls', latin1('\x93NUMPY\x02\0\xff\xff\xff\xff{')),
  ],
  ['an array header that is no dictionary', 'malformed-archive', 'not a dictionary', header('[]')],
  [
    'an array header without shape',
    'malformed-archive',
    'no shape',
    header("{'descr': '<f4', 'fortran_order': False}"),
  ],
  [
    'an array header without order',
    'malformed-archive',
    'no fortran_order',
    header("{'descr': '<f4', 'shape': (8,)}"),
  ],
  ...['__proto__', 'toString', 'constructor', '__defineGetter__'].map((name): Row => [
    `an array of the type ${name}`,
    'malformed-archive',
    `its descr "${name}" is unknown`,
    described(`'${name}'`),
  ]),
  ['an array of Python objects', 'unsupported-format', 'contains pickled Python objects', described("'|O'")],
  [
    'an array of records',
    'malformed-archive',
    'no descr that is a plain number type',
    described("[('a', '<f4')]"),
  ],
  ['a big-endian array', 'unsupported-format', 'is big-endian', described("'>f4'")],
  ['an array of complex numbers', 'malformed-archive', 'descr "<c8" is unknown', described("'<c8'")],
  ['an array of whole numbers', 'tensors', '"cls" has dtype I32', described("'<i4'")],
  ['an array of negative shape', 'malformed-archive', 'no shape', described("'<f4'", '(-1, 8)')],
  [
    'an array shape that overflows',
    'malformed-archive',
    'is impossible',
    described("'<f4'", '(4294967296, 4294967296)'),
  ],
  [
    'an array of more values than bytes',
    'malformed-archive',
    'has 32 bytes, but F32 of shape [1, 1, 9] takes 36',
    described("'<f4'", '(1, 1, 9)'),
  ],
  [
    'an array of fewer values than bytes',
    'malformed-archive',
    'has 32 bytes, but F32 of shape [1, 1, 7] takes 28',
    described("'<f4'", '(1, 1, 7)'),
  ],
  [
    'an array missing',
    'tensors',
    '"Transformer/encoder_norm/scale" is missing',
    npz((files) => files.filter(({ name }) => !name.startsWith('Transformer/encoder_norm/scale'))),
  ],
  [
    'an array too many',
    'tensors',
    '"MAPHead_0/probe" is not a tensor of this model',
    npz((files) => [...files, { name: 'MAPHead_0/probe.npy', data: npyOf([1], new Uint8Array(4)) }]),
  ],
  [
    'a query kernel that is flat',
    'tensors',
    'has shape [8, 8], but should have 3 axes',
    array(
      'Transformer/encoderblock_0/MultiHeadDotProductAttention_1/query/kernel',
      npyOf([8, 8], new Uint8Array(256)),
    ),
  ],
  [
    'a NaN',
    'tensors',
    '"head/kernel" has a value that is infinite or not a number',
    array('head/kernel', nan([8, 3])),
  ],
  [
    '6 positions',
    'config',
    '6 positions do not make a square',
    array('Transformer/posembed_input/pos_embedding', npyOf([1, 6, 8], new Uint8Array(192))),
  ],
  [
    'names of a mixer',
    'unsupported-model',
    'no tensors of a Vision Transformer',
    () => makeZip([{ name: 'stem/kernel.npy', data: npyOf([1], new Uint8Array(4)) }]),
  ],
  [
    'its second half missing',
    'truncated',
    'ends before its directory',
    () => makeZip(tinyArrays()).slice(0, 3000),
  ],
];

export const malformedNpzs: readonly Malformed[] = weightsOf('an npz with', npzs, {});
