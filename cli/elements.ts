import { elementTypes } from '../web/checkpoint/formats/floats.js';
import { halfBits } from './half.js';

/** Writes numbers as F16 or F32. */
export const targets = {
  F16: {
    bytes: 2,
    write: (view: DataView, at: number, value: number) => view.setUint16(at, halfBits(value), true),
  },
  F32: { bytes: 4, write: (view: DataView, at: number, value: number) => view.setFloat32(at, value, true) },
} as const;

export type Target = keyof typeof targets;

/** A function that converts a tensor's bytes, which come in pieces cut anywhere, to another dtype. */
export function converter(from: string, to: Target): (piece: Uint8Array) => Uint8Array {
  const source = elementTypes[from];
  const target = targets[to];
  let rest = new Uint8Array();
  return (piece) => {
    const bytes = new Uint8Array(rest.length + piece.length);
    bytes.set(rest);
    bytes.set(piece, rest.length);
    const count = Math.floor(bytes.length / source.bytes);
    rest = bytes.slice(count * source.bytes);
    const view = new DataView(bytes.buffer);
    const out = new Uint8Array(count * target.bytes);
    const outView = new DataView(out.buffer);
    for (let i = 0; i < count; i++)
      target.write(outView, i * target.bytes, source.read(view, i * source.bytes));
    return out;
  };
}
