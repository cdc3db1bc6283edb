const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/** The bits of the half-precision number nearest to a number, ties to even; too large ones become infinite. */
export function halfBits(value: number): number {
  floats[0] = value;
  const [word] = bits;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and more
  if (magnitude < 0x38800000) {
    // Below the smallest normal number, 2⁻¹⁴: adding 0.5 leaves the rounded multiples of 2⁻²⁴ in the last bits.
    floats[0] = Math.abs(value) + 0.5;
    return sign | (bits[0] - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}
