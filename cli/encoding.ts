// How each tensor of a model is stored in the folder that `convert` writes.
import type { Checkpoint } from '../web/checkpoint/open.js';
import type { Sink, StoredTensor } from '../web/checkpoint/tensors.js';
import { VitError } from '../web/errors.js';
import type { Bindings } from '../web/module.js';
import type { ConvertType } from './arguments.js';
import { converter, elementTypes, targets, type Target } from './elements.js';

/** What becomes of one tensor. */
export interface Encoding {
  /** What is written in its place, in this order. */
  readonly tensors: readonly StoredTensor[];
  /** Takes the tensor's bytes and passes on those to be written. */
  sink(write: (bytes: Uint8Array) => void): Sink;
}

/** The slots that an int8 model keeps as bytes (cpp/weights.h). */
const quantisedSlot = /^blocks\.\d+\.(attn\.(q|k|v|proj)|mlp\.fc\w+)\.weight$/;

/** How a tensor is stored. What is no number of the network's stays as it is. */
export function encodingFor(
  tensor: StoredTensor,
  { names, weights }: Checkpoint,
  dtype: ConvertType,
  bindings: Bindings,
): Encoding {
  const placement = names.slots.get(tensor.name);
  if (tensor.columnMajor || (placement?.axes && dtype === 'int8')) {
    throw new VitError(
      'unsupported-format',
      `${weights.name} keeps its matrices in another order than ${dtype} files have; only row-major ones can be converted.`,
    );
  }
  if (!(tensor.dtype in elementTypes)) return unchanged(tensor);
  const isMatrix = placement?.slots.every((slot) => quantisedSlot.test(slot)) ?? false;
  if (dtype === 'int8' && isMatrix) return quantised(tensor, bindings);
  const target = dtype === 'fp32' ? 'F32' : 'F16';
  return tensor.dtype === target ? unchanged(tensor) : converted(tensor, target);
}

function unchanged(tensor: StoredTensor): Encoding {
  // A piece is not the sink's to keep, and the file is written later.
  return { tensors: [tensor], sink: (write) => (piece) => write(Uint8Array.from(piece)) };
}

function converted(tensor: StoredTensor, dtype: Target): Encoding {
  const bytes = countOf(tensor) * targets[dtype].bytes;
  return {
    tensors: [{ ...tensor, dtype, bytes }],
    sink(write) {
      const convert = converter(tensor.dtype, dtype);
      return (piece) => write(convert(piece));
    },
  };
}

/** The codes of a matrix, then the scales of its rows; halves are fine enough, next to codes of eight bits. */
function quantised(tensor: StoredTensor, bindings: Bindings): Encoding {
  const { name, shape } = tensor;
  const count = countOf(tensor);
  const [rows] = shape;
  return {
    tensors: [
      { name, dtype: 'I8', shape, bytes: count },
      { name: `${name}_scale`, dtype: 'F16', shape: [rows], bytes: 2 * rows },
    ],
    sink(write) {
      const convert = converter(tensor.dtype, 'F32');
      const matrix = new Uint8Array(4 * count);
      let filled = 0;
      return (piece) => {
        const floats = convert(piece);
        matrix.set(floats, filled);
        filled += floats.length;
        if (filled < matrix.length) return;
        const { values, scales } = bindings.quantiseMatrix(new Float32Array(matrix.buffer), count / rows);
        write(Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));
        write(converter('F32', 'F16')(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength)));
      };
    },
  };
}

function countOf({ dtype, bytes }: StoredTensor): number {
  return bytes / elementTypes[dtype].bytes;
}
