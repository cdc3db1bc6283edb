/**
 * Test images and tensors made of integers, so that they need no storage; `noise.py` is the same, number for number.
 *
 * Everything follows from one counter-based hash: value number `i` of the stream `seed` is
 * lowbias32(seed * 0x9E3779B1 + i), all arithmetic modulo 2^32.
 */

// Jest looks a global up anew at every use, which would take most of the time of a large picture.
const { imul, floor, max } = Math;

export interface ImageDescription {
  /** noise: every byte independent; gradient: smooth; checker: 0 and 255 only, so that filters overshoot. */
  kind: 'noise' | 'gradient' | 'checker';
  seed: number;
  width: number;
  height: number;
}

export interface TestImage {
  /** RGBA, row by row. Alpha is always noise, to show that it is ignored. */
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

/** Value `index` of the stream that starts at `start` (see `streamStart`), in [0, 2^32). */
function noiseAt(start: number, index: number): number {
  let x = (start + index) | 0;
  x = imul(x ^ (x >>> 16), 0x7feb352d);
  x = imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

function streamStart(seed: number): number {
  return imul(seed, 0x9e3779b1);
}

/** The first values of the stream `seed`. */
export function noise(seed: number, count: number): Uint32Array {
  const start = streamStart(seed);
  const values = new Uint32Array(count);
  for (let index = 0; index < count; index++) values[index] = noiseAt(start, index);
  return values;
}

/** `count` floats in [-2, 2) in steps of 2^-14, so every value is exact. */
export function noiseTensor(seed: number, count: number): Float32Array {
  const start = streamStart(seed);
  return Float32Array.from({ length: count }, (_, index) => (noiseAt(start, index) >>> 16) / 16384 - 2);
}

/** Red, green and blue of a pixel, for the kinds that have a pattern. */
type Pattern = (x: number, y: number, width: number, height: number) => readonly [number, number, number];

const patterns: Record<string, Pattern> = {
  gradient(x, y, width, height) {
    const ramp = (position: number, last: number) => floor((position * 255) / max(last, 1));
    return [ramp(x, width - 1), ramp(y, height - 1), ramp(x + y, width + height - 2)];
  },
  checker(x, y) {
    const cells = (size: number) => ((floor(x / size) + floor(y / size)) % 2) * 255;
    return [cells(1), cells(3), cells(5)];
  },
};

export function makeImage({ kind, seed, width, height }: ImageDescription): TestImage {
  const data = new Uint8ClampedArray(width * height * 4);
  const start = streamStart(seed);
  for (let i = 0; i < data.length; i++) data[i] = noiseAt(start, i) >>> 24;
  const pattern = kind === 'noise' ? undefined : patterns[kind];
  for (let y = 0; pattern && y < height; y++) {
    for (let x = 0; x < width; x++) data.set(pattern(x, y, width, height), (y * width + x) * 4);
  }
  return { data, width, height };
}
