// Pixels in memory: what they have to be, a part of them, and what they look like on a colour.
import { VitError } from './errors.js';
import type { RawImage, Region, Size } from './types.js';

/** Pixels on their way to the engine. */
export interface Pixels extends RawImage {
  /** Whether the buffer was made here and may be moved to a worker; else it is the caller's. */
  readonly owned: boolean;
}

/** R, G and B, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** The same pixels in a buffer of exactly their size that may be moved: a copy if the buffer is the caller's. */
export function ownPixels(pixels: Pixels): Pixels {
  return pixels.owned ? pixels : { ...pixels, data: new Uint8Array(bytesOf(pixels)), owned: true };
}

/** The same bytes, not clamped: engines move bytes between arrays of one class in one piece, else one by one. */
export function bytesOf({ data }: RawImage): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Refuses what is no picture. */
export function checkPixels({ data, width, height }: RawImage): void {
  if (!isBytes(data)) {
    throw new VitError(
      'invalid-source',
      'The picture has no `data` of RGBA bytes; give a Uint8ClampedArray or Uint8Array.',
    );
  }
  checkSize({ width, height }, 'picture');
  if (data.length === width * height * 4) return;
  throw new VitError(
    'invalid-source',
    `The picture has ${data.length} bytes, but ${width}×${height} pixels of RGBA take ${width * height * 4}.`,
  );
}

/** Also bytes from another window or realm. */
function isBytes(data: unknown): boolean {
  return ArrayBuffer.isView(data) && /Uint8(Clamped)?Array/.test(Object.prototype.toString.call(data));
}

export function checkSize({ width, height }: Size, what: string): void {
  if (Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0) return;
  throw new VitError(
    'invalid-source',
    `The ${what} is ${width}×${height}; it needs at least one pixel (one that is closed has none).`,
  );
}

/** The region, or all of a picture of this size when there is none. */
export function regionIn({ width, height }: Size, region: Region | undefined): Region {
  if (!region) return { x: 0, y: 0, width, height };
  if (region.x + region.width <= width && region.y + region.height <= height) return region;
  throw new VitError(
    'invalid-argument',
    `The region of ${region.width}×${region.height} pixels at (${region.x}, ${region.y}) does not lie inside ` +
      `the picture of ${width}×${height}.`,
  );
}

/** The pixels of a region: a copy of them, or the same pixels when there is none. */
export function cropped(pixels: Pixels, region: Region | undefined): Pixels {
  checkPixels(pixels);
  if (!region) return pixels;
  const { x, y, width, height } = regionIn(pixels, region);
  const bytes = bytesOf(pixels);
  const data = new Uint8Array(4 * width * height);
  for (let row = 0; row < height; row++) {
    const from = 4 * ((y + row) * pixels.width + x);
    data.set(bytes.subarray(from, from + 4 * width), 4 * width * row);
  }
  return { data, width, height, owned: true };
}

/** The opaque picture that shows when a picture is laid on a colour: the bytes of Pillow's `paste` with alpha as mask. */
export function compositeOn(pixels: Pixels, background: Rgb): Pixels {
  const own = ownPixels(pixels);
  const { data } = own;
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3];
    if (alpha === 255) continue;
    for (let channel = 0; channel < 3; channel++) {
      // x / 255 to the nearest, in whole numbers.
      const sum = data[at + channel] * alpha + background[channel] * (255 - alpha) + 128;
      data[at + channel] = (sum + (sum >> 8)) >> 8;
    }
    data[at + 3] = 255;
  }
  return own;
}
