// The int8 weights of a file as single-precision numbers, which every library reads.

import { scaleSuffix } from '../checkpoint/families/family.js';
import { fromHalf } from '../checkpoint/formats/floats.js';

/** Whether a tensor has the scales of another. */
export const isScale = (name: string): boolean => name.endsWith(scaleSuffix);

export const scaleOf = (name: string): string => name + scaleSuffix;

/** Codes [rows × width] and a scale for each row, in half precision → weights [rows × width]. */
export function dequantized(codes: Int8Array, scales: Uint16Array): Float32Array<ArrayBuffer> {
  const width = codes.length / scales.length;
  const weights = new Float32Array(codes.length);
  scales.forEach((half, row) => {
    const scale = fromHalf(half);
    const values = weights.subarray(row * width, (row + 1) * width);
    for (let i = 0; i < width; i++) values[i] = scale * codes[row * width + i];
    rotate(values);
  });
  return weights;
}

/** The rotation of cpp/kernels/quantization.h, which is its own inverse. */
function rotate(row: Float32Array): void {
  let i = 0;
  for (; i + 64 <= row.length; i += 64) {
    for (let k = 0; k < 64; k += 16) reflect(row, i + k, 4, 4);
    reflect(row, i, 16, 16);
  }
  for (; i + 16 <= row.length; i += 16) reflect(row, i, 4, 4);
}

/** Each of `count` fours that are `stride` apart: x − (x0 + x1 + x2 + x3) / 2. */
function reflect(row: Float32Array, from: number, stride: number, count: number): void {
  for (let at = from; at < from + count; at++) {
    let half = 0;
    for (let i = 0; i < 4; i++) half += row[at + i * stride] / 2;
    for (let i = 0; i < 4; i++) row[at + i * stride] -= half;
  }
}
