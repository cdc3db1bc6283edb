// Numbers as files have them → single precision.

/** How little-endian numbers of a type are read. */
export interface ElementType {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

/** Of a half-precision number's bits. */
export function fromHalf(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent > 0 ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

const bits = new DataView(new ArrayBuffer(4));
const fromBfloat = (upper: number) => (bits.setUint32(0, upper << 16), bits.getFloat32(0));

/** The types that the engine reads, by the names of safetensors. */
export const elementTypes: Readonly<Record<string, ElementType>> = {
  F64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  F16: { bytes: 2, read: (view, at) => fromHalf(view.getUint16(at, true)) },
  BF16: { bytes: 2, read: (view, at) => fromBfloat(view.getUint16(at, true)) },
};

/** Little-endian numbers of one of these types. */
export function toFloats(dtype: string, stored: Uint8Array): Float32Array<ArrayBuffer> {
  const { bytes, read } = elementTypes[dtype];
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  return Float32Array.from({ length: stored.length / bytes }, (_, i) => read(view, i * bytes));
}
