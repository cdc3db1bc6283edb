import { halfBits } from './half.js';

/** Reads numbers of a safetensors dtype. */
interface ElementType {
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

/** The number of a half's bits. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent > 0 ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

const bfloat16 = new DataView(new ArrayBuffer(4));

/** The types that the engine reads, by dtype. */
export const elementTypes: Readonly<Record<string, ElementType>> = {
  F64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  F16: { bytes: 2, read: (view, at) => halfValue(view.getUint16(at, true)) },
  BF16: {
    bytes: 2,
    read(view, at) {
      bfloat16.setUint16(0, view.getUint16(at, true));
      return bfloat16.getFloat32(0);
    },
  },
};

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
