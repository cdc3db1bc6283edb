import { expect, it } from '@jest/globals';

import { halfBits } from '../../cli/half.js';

/** The number of a half's bits, by the definition of the format. */
function valueOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14);
}

it('gives every half its own bits', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = valueOf(bits);
    if (Number.isNaN(value)) expect(Number.isNaN(valueOf(halfBits(value)))).toBe(true);
    else if (halfBits(value) !== bits) throw new Error(`${value} became ${halfBits(value)}, not ${bits}.`);
  }
});

it('rounds to the nearest half, ties to even', () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const low = valueOf(bits);
    const high = valueOf(bits + 1);
    const middle = (low + high) / 2; // a float
    const step = (high - low) / 64;
    const even = bits % 2 === 0 ? bits : bits + 1;
    if (halfBits(middle) !== even) throw new Error(`${middle} is not rounded to even.`);
    if (halfBits(middle - step) !== bits || halfBits(middle + step) !== bits + 1) {
      throw new Error(`Around ${middle} it rounds the wrong way.`);
    }
  }
});

it('has no place for 65520 and more', () => {
  expect(halfBits(65519)).toBe(0x7bff);
  expect(halfBits(65520)).toBe(0x7c00);
  expect(halfBits(-1e30)).toBe(0xfc00);
});
