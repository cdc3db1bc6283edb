// A checkpoint's weights in memory, by the engine's slots, and back into tensors of the same names.
import { scaleSuffix } from '../../web/checkpoint/families/family.js';
import { partsOf } from '../../web/checkpoint/families/placement.js';
import type { Report, StoredTensor, TensorFile } from '../../web/checkpoint/tensors.js';
import type { Checkpoint } from '../../web/checkpoint/open.js';
import { elementTypes } from '../../web/checkpoint/formats/floats.js';
import { converter } from '../elements.js';
import { inOrder } from '../encoding.js';
import { halfBits } from '../half.js';

/** A slot's new contents. */
export type Contents = Float64Array | CodedMatrix;

/** The codes of a matrix, and the scale of each of its rows. */
export interface CodedMatrix {
  readonly codes: Int8Array;
  readonly scales: Float64Array;
}

interface TensorInMemory {
  readonly tensor: StoredTensor;
  readonly bytes: Uint8Array;
}

/** The checkpoint with its weights read into memory, from where they can be poured again. */
export async function inMemory(checkpoint: Checkpoint, report: Report): Promise<Checkpoint> {
  const read = new Map<StoredTensor, Uint8Array>();
  await checkpoint.weights.pour((tensor) => whole(tensor, (bytes) => read.set(tensor, bytes)), report);
  const tensors = checkpoint.weights.tensors.map((tensor) => ({
    tensor,
    bytes: read.get(tensor) ?? new Uint8Array(tensor.bytes),
  }));
  return { ...checkpoint, weights: fileOf(checkpoint.weights, tensors) };
}

/** The values of the slots that `wanted` names, row-major in their shape. */
export async function readSlots(
  { weights, names }: Checkpoint,
  wanted: RegExp,
): Promise<Map<string, Float64Array>> {
  const slots = new Map<string, Float64Array>();
  await weights.pour(
    (tensor) => {
      const placement = names.slots.get(tensor.name);
      if (!placement?.slots.some((slot) => wanted.test(slot))) return undefined;
      return whole(tensor, (bytes) => {
        let from = 0;
        for (const part of partsOf(tensor, placement)) {
          const stored = bytes.subarray(from, (from += part.bytes));
          const size = elementTypes[tensor.dtype].bytes;
          const values = converter(
            tensor.dtype,
            'F32',
          )(part.order ? inOrder(stored, size, part.order) : stored);
          slots.set(part.slot, Float64Array.from(new Float32Array(values.buffer)));
        }
      });
    },
    () => undefined,
  );
  return slots;
}

/** The checkpoint with other contents of some slots. All slots of a tensor change, or none. */
export async function withSlots(
  checkpoint: Checkpoint,
  contents: ReadonlyMap<string, Contents>,
): Promise<Checkpoint> {
  const tensors: TensorInMemory[] = [];
  await checkpoint.weights.pour(
    (tensor) => {
      const placement = checkpoint.names.slots.get(tensor.name);
      const changed = (placement?.slots ?? []).flatMap((slot) => contents.get(slot) ?? []);
      return whole(tensor, (bytes) => {
        if (!placement || changed.length === 0) return void tensors.push({ tensor, bytes });
        const [{ shape }] = partsOf(tensor, { ...placement, slots: placement.slots.slice(0, 1) });
        tensors.push(...changedTensors({ ...tensor, columnMajor: false }, shape, changed));
      });
    },
    () => undefined,
  );
  return { ...checkpoint, weights: fileOf(checkpoint.weights, tensors) };
}

/** The tensors that hold the contents of a tensor's slots, one after another. `shape`: as slots have it. */
function changedTensors(
  tensor: StoredTensor,
  shape: readonly number[],
  contents: readonly Contents[],
): TensorInMemory[] {
  const vectors = contents.filter((part): part is Float64Array => part instanceof Float64Array);
  if (vectors.length > 0) {
    const bytes = new Uint8Array(Float32Array.from(vectors.flatMap((part) => [...part])).buffer);
    return [{ tensor: { ...tensor, dtype: 'F32', bytes: bytes.length }, bytes }];
  }
  const matrices = contents.filter((part): part is CodedMatrix => !(part instanceof Float64Array));
  // What families call a weight that has its slot's axes.
  const name = tensor.name.replace(/kernel$/, 'weight');
  const codes = Uint8Array.from(matrices.flatMap(({ codes }) => [...codes]));
  const scales = Uint16Array.from(
    matrices.flatMap(({ scales }) => [...scales]),
    halfBits,
  );
  return [
    { tensor: { name, dtype: 'I8', shape, bytes: codes.length }, bytes: codes },
    {
      tensor: { name: name + scaleSuffix, dtype: 'F16', shape: [scales.length], bytes: scales.byteLength },
      bytes: new Uint8Array(scales.buffer),
    },
  ];
}

function fileOf({ name, version }: TensorFile, tensors: readonly TensorInMemory[]): TensorFile {
  return {
    name,
    version,
    tensors: tensors.map(({ tensor }) => tensor),
    pour(sinkFor, report) {
      let loaded = 0;
      const total = tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
      for (const { tensor, bytes } of tensors) {
        sinkFor(tensor)?.(bytes);
        report(name, (loaded += bytes.length), total);
      }
      return Promise.resolve();
    },
  };
}

/** A sink that hands over all bytes of its tensor at once. */
function whole(tensor: StoredTensor, take: (bytes: Uint8Array) => void) {
  const bytes = new Uint8Array(tensor.bytes);
  let filled = 0;
  return (piece: Uint8Array) => {
    bytes.set(piece, filled);
    filled += piece.length;
    if (filled === bytes.length) take(bytes);
  };
}
