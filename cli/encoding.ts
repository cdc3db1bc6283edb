// How each tensor of a model is stored in the folder that `convert` writes.
import type { Sink, StoredTensor } from '../web/checkpoint/tensors.js';
import { scaleSuffix } from '../web/checkpoint/families/family.js';
import { partsOf, type Placement } from '../web/checkpoint/families/placement.js';
import type { Axis } from '../web/engine/engine.js';
import type { Bindings } from '../web/engine/bindings.js';
import type { ConvertType } from './arguments.js';
import { elementTypes } from '../web/checkpoint/formats/floats.js';
import { converter, targets, type Target } from './elements.js';

/** How one tensor is stored. */
export interface Encoding {
  /** What is written in its place, in this order. */
  readonly tensors: readonly StoredTensor[];
  /** Takes the tensor's bytes and passes on those to be written. */
  sink(write: (bytes: Uint8Array) => void): Sink;
}

/** The slots that an int8 model keeps as bytes (cpp/weight_slots.h). */
const quantizedSlot =
  /^(layers\.\d+\.)?blocks\.\d+\.(attn\.(q|k|v|proj)|mlp\.fc\w+)\.weight$|\.downsample\.reduction\.weight$/;

/** How a tensor is stored. Tensors that the network does not use stay as they are, in row order. */
export function encodingFor(
  tensor: StoredTensor,
  slots: ReadonlyMap<string, Placement>,
  dtype: ConvertType,
  bindings: Bindings,
): Encoding {
  const placement = slots.get(tensor.name) ?? { slots: [''] };
  const isNumeric = tensor.dtype in elementTypes;
  const isQuantized =
    isNumeric && dtype === 'int8' && placement.slots.every((slot) => quantizedSlot.test(slot));
  // The weights of an output have to be together for its scale; else it is enough that the first axis runs slowest.
  const [{ order, shape }] = partsOf(tensor, isQuantized ? placement : { slots: [''] });
  // What families call a weight that has its slot's axes.
  const renamed = isQuantized && placement.axes && { name: tensor.name.replace(/kernel$/, 'weight'), shape };
  const inRows: StoredTensor = { ...tensor, columnMajor: false, ...renamed };
  const encoding = isQuantized
    ? quantized(inRows, bindings)
    : isNumeric && !isScalar(tensor)
      ? inFloats(inRows, dtype === 'fp32' ? 'F32' : 'F16')
      : unchanged(inRows);
  return order ? reordered(tensor, order, encoding) : encoding;
}

/** The scale of logits, e.g.: it is the power of e, and two bytes are not worth its last digits. */
function isScalar({ shape }: StoredTensor): boolean {
  return shape.every((size) => size === 1);
}

function inFloats(tensor: StoredTensor, target: Target): Encoding {
  return tensor.dtype === target ? unchanged(tensor) : converted(tensor, target);
}

/** Takes a tensor whose elements come in another order than `encoding` takes them, and keeps it until it is whole. */
function reordered({ bytes, shape }: StoredTensor, order: readonly Axis[], encoding: Encoding): Encoding {
  const elementBytes = bytes / shape.reduce((a, b) => a * b, 1);
  return {
    tensors: encoding.tensors,
    sink(write) {
      const sink = encoding.sink(write);
      const stored = new Uint8Array(bytes);
      let filled = 0;
      return (piece) => {
        stored.set(piece, filled);
        filled += piece.length;
        if (filled === bytes) sink(inOrder(stored, elementBytes, order));
      };
    },
  };
}

/** The elements where the strides of their axes put them. */
export function inOrder(stored: Uint8Array, elementBytes: number, order: readonly Axis[]): Uint8Array {
  const out = new Uint8Array(stored.length);
  let from = 0;
  const walk = (axis: number, to: number) => {
    if (axis === order.length) {
      for (let i = 0; i < elementBytes; i++) out[to * elementBytes + i] = stored[from++];
      return;
    }
    const { size, stride } = order[axis];
    for (let i = 0; i < size; i++) walk(axis + 1, to + i * stride);
  };
  walk(0, 0);
  return out;
}

function unchanged(tensor: StoredTensor): Encoding {
  // The sink may not keep a piece, and the file is written later.
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
function quantized(tensor: StoredTensor, bindings: Bindings): Encoding {
  const { name, shape } = tensor;
  const count = countOf(tensor);
  const [rows] = shape;
  return {
    tensors: [
      { name, dtype: 'I8', shape, bytes: count },
      { name: name + scaleSuffix, dtype: 'F16', shape: [rows], bytes: 2 * rows },
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
        const { values, scales } = bindings.quantizeMatrix(new Float32Array(matrix.buffer), count / rows);
        write(Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));
        write(converter('F32', 'F16')(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength)));
      };
    },
  };
}

function countOf({ dtype, bytes }: StoredTensor): number {
  return bytes / elementTypes[dtype].bytes;
}
