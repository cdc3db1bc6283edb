import { makeImage, type TestImage } from '../golden/noise.js';

/** A picture as plain data that is cheap to hand to a page. */
export interface PackedPicture {
  /** RGBA in base64. */
  readonly data: string;
  readonly width: number;
  readonly height: number;
}

/**
 * Smooth colors, larger than any golden model's input and of odd size. Opaque, because a canvas does not keep the
 * colors of transparent pixels.
 */
export function opaquePicture(width = 97, height = 61): TestImage {
  const image = makeImage({ kind: 'gradient', seed: 1, width, height });
  return { ...image, data: image.data.map((value, at) => (at % 4 === 3 ? 255 : value)) };
}

export function pack({ data, width, height }: TestImage): PackedPicture {
  return { data: Buffer.from(data).toString('base64'), width, height };
}

/** The bits of floats, to compare what `===` would take as equal. */
export function bitsOf(floats: ArrayLike<number>): number[] {
  return Array.from(new Uint32Array(Float32Array.from(floats).buffer));
}
