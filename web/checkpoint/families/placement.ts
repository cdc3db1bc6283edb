// A tensor of a file → the slots of the engine it fills.
import type { Axis, IncomingTensor } from '../../engine/engine.js';
import type { StoredTensor } from '../tensors.js';

/** Where a tensor goes. */
export interface Placement {
  /** The slots that share it: each takes a part of its first axis, in this order. */
  readonly slots: readonly string[];
  /**
   * For each axis of the slot the axes of the file's tensor that make it up, where they do not simply correspond. The
   * kernel [inputs, heads, head size] of a slot [outputs, inputs] has [[1, 2], [0]]. Not for a tensor that is shared.
   */
  readonly axes?: readonly (readonly number[])[] | undefined;
  /** How much of the first axis each slot takes, where the parts are not equal. */
  readonly sizes?: readonly number[] | undefined;
}

/** What is wrong with a tensor for this placement, to be read after its name; whether sizes fit, the engine knows. */
export function misplaced(
  { shape, columnMajor }: StoredTensor,
  { slots, axes, sizes }: Placement,
): string | undefined {
  const expected = axes?.flat().length ?? shape.length;
  const has = `has shape [${shape.join(', ')}]`;
  if (expected !== shape.length) return `${has}, but should have ${expected} axes`;
  const whole = sizes?.reduce((a, b) => a + b);
  if (whole !== undefined && shape[0] !== whole) return `${has}, but its first axis should be ${whole}`;
  if (!sizes && (shape[0] ?? 1) % slots.length !== 0)
    return `${has}, whose first axis should be ${slots.length} equal parts`;
  if (columnMajor && slots.length > 1)
    return 'is in Fortran order, which cannot be divided; save it in C order';
  // The engine would see only the last 32 bits.
  return shape.some((size) => size >= 2 ** 31) ? `${has}, which no model has` : undefined;
}

/** What each slot gets of a tensor. Parts follow each other in the file. */
export function partsOf(tensor: StoredTensor, { slots, axes, sizes }: Placement): IncomingTensor[] {
  const { name: title, dtype } = tensor;
  if (slots.length === 1) {
    const shape = axes?.map((merged) => product(merged.map((axis) => tensor.shape[axis]))) ?? tensor.shape;
    return [{ title, slot: slots[0], dtype, shape, bytes: tensor.bytes, order: orderOf(tensor, axes) }];
  }
  const [first = 0, ...rest] = tensor.shape;
  return slots.map((slot, i) => {
    const size = sizes?.[i] ?? first / slots.length;
    return { title, slot, dtype, shape: [size, ...rest], bytes: (tensor.bytes / first) * size };
  });
}

/** The stored axes, slowest first, by what a step along each means in the slot; nothing where the orders agree. */
function orderOf(tensor: StoredTensor, axes: Placement['axes']): Axis[] | undefined {
  if (!axes && !tensor.columnMajor) return undefined;
  const inSlot = axes?.flat() ?? [...tensor.shape.keys()];
  const order: Axis[] = [];
  let stride = 1;
  for (const axis of [...inSlot].reverse()) {
    order[axis] = { size: tensor.shape[axis], stride };
    stride *= tensor.shape[axis];
  }
  return tensor.columnMajor ? order.reverse() : order;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}
