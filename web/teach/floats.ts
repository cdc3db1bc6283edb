// Numbers as files have them → single precision.

/** Of a half-precision number's bits. */
export function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size;
}

const bits = new DataView(new ArrayBuffer(4));
const fromBfloat = (upper: number) => (bits.setUint32(0, upper << 16), bits.getFloat32(0));

type Read = (view: DataView, at: number) => number;
const readers: Readonly<Record<string, readonly [bytes: number, read: Read]>> = {
  F64: [8, (view, at) => view.getFloat64(at, true)],
  F16: [2, (view, at) => fromHalf(view.getUint16(at, true))],
  BF16: [2, (view, at) => fromBfloat(view.getUint16(at, true))],
};

/** Little-endian numbers of a type that weights have. */
export function toFloats(dtype: string, stored: Uint8Array): Float32Array<ArrayBuffer> {
  if (dtype === 'F32') return new Float32Array(stored.slice().buffer);
  const [bytes, read] = readers[dtype];
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  return Float32Array.from({ length: stored.length / bytes }, (_, i) => read(view, i * bytes));
}
