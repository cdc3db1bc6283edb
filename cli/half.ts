const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

// Single precision: 1 bit of sign, 8 of exponent (bias 127), 23 of fraction. Half precision: 1, 5 (bias 15) and 10. So
// a half has the upper 10 bits of a single's fraction, and an exponent that is smaller by 127 − 15 = 112.

/** Infinity in single precision; what is above it is not a number. */
const infinity = 0x7f800000;
/** 2¹⁶ in single precision. From 65520 to here, rounding carries into the exponent and gives infinity by itself. */
const twoTo16 = 0x47800000;
/** 2⁻¹⁴ in single precision: the smallest normal half. */
const smallestNormal = 0x38800000;
/** The difference of the exponents' biases, 112, where the exponent is in single precision. */
const biasDifference = 112 << 23;
/** 0.5 in single precision, whose last bit is worth 2⁻²⁴, the smallest half. */
const oneHalf = 0x3f000000;

/** The bits of the half-precision number nearest to `value`, ties to even; too large ones become infinite. */
export function halfBits(value: number): number {
  floats[0] = value;
  const [word] = bits;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > infinity) return sign | 0x7e00; // not a number
  if (magnitude >= twoTo16) return sign | 0x7c00; // infinity
  if (magnitude < smallestNormal) {
    // Adding 0.5 rounds to a multiple of the smallest half, and leaves that multiple in the last bits.
    floats[0] = Math.abs(value) + 0.5;
    return sign | (bits[0] - oneHalf);
  }
  // Rounds off 13 bits to nearest: one less than half is added, so that `odd` decides ties.
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - biasDifference + 0xfff + odd) >>> 13);
}
