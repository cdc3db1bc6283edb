// The rotation of an int8 model's linear layers: cpp/kernels/quantization.h.
import { mirror, rowOf, transposed, type Matrix } from './matrices.js';

/** Rotates a row in place: its own inverse. */
export function rotate(row: Float64Array): void {
  let i = 0;
  for (; i + 64 <= row.length; i += 64) {
    for (let block = i; block < i + 64; block += 16) reflectAll(row, block, 4, 4);
    reflectAll(row, i, 16, 16);
  }
  for (; i + 16 <= row.length; i += 16) reflectAll(row, i, 4, 4);
}

/** Rotates every row in place. */
export function rotateRows(matrix: Matrix): void {
  for (let row = 0; row < matrix.rows; row++) rotate(rowOf(matrix, row));
}

/** The covariance of inputs → that of the rotated ones. */
export function rotatedCovariance(covariance: Matrix): Matrix {
  const half = { ...covariance, data: covariance.data.slice() };
  rotateRows(half);
  const out = transposed(half);
  rotateRows(out);
  mirror(out);
  return out;
}

/** Of `count` values, each with the three that are `stride`, twice and three times as far, less half of their sum. */
function reflectAll(row: Float64Array, first: number, stride: number, count: number): void {
  for (let at = first; at < first + count; at++) {
    const half = (row[at] + row[at + stride] + row[at + 2 * stride] + row[at + 3 * stride]) / 2;
    for (let i = 0; i < 4; i++) row[at + i * stride] -= half;
  }
}
