// A tensor that fills several slots, one after another in equal parts along its first axis: timm's fused queries, keys
// and values.
import type { Engine } from '../engine.js';

/** The shape of each of `parts` parts; the whole shape where it cannot be divided, which no slot then takes. */
export function partShape(shape: readonly number[], parts: number): readonly number[] {
  const [first, ...rest] = shape;
  return parts === 1 || first === undefined || first % parts !== 0 ? shape : [first / parts, ...rest];
}

/** Takes the `bytes` bytes of a whole tensor, in pieces of any size. */
export function partsWriter(
  engine: Engine,
  slots: readonly string[],
  dtype: string,
  shape: readonly number[],
  bytes: number,
): (piece: Uint8Array) => void {
  const partBytes = bytes / slots.length;
  const start = (part: number) =>
    engine.tensorWriter(slots[part], dtype, partShape(shape, slots.length), partBytes);
  let write = start(0);
  let taken = 0;
  return (piece) => {
    for (let from = 0; from < piece.length;) {
      const part = Math.floor(taken / partBytes);
      if (taken > 0 && taken % partBytes === 0) write = start(part);
      const rest = piece.subarray(from, from + (part + 1) * partBytes - taken);
      write(rest);
      from += rest.length;
      taken += rest.length;
    }
  };
}
