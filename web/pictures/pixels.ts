// Pixels in memory: what they have to be, a part of them, and what they look like on a colour.
import { VitError } from '../errors.js';
import type { RawImage, Region, Size } from '../types.js';

/**
 * A picture on its way to the engine, in bands of rows: so a worker resizes some while this thread reads the next, and
 * nothing has to hold them all.
 */
export interface Pixels extends Size {
  /** All its rows from the top, RGBA, as many at a time as `bandsIn` says. They can be walked through once. */
  readonly bands: Iterable<Uint8Array>;
  /** Whether every band is a buffer of its own, made here, that may be moved to a worker; else they are the caller's. */
  readonly owned: boolean;
}

/** R, G and B, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Bytes of a band, roughly: few enough to stay in a core's own cache until the next step reads them. */
const bandBytes = 1 << 19;

/** The bands that a picture is cut into: the first row of each, and how many it has. */
export function* bandsIn({ width, height }: Size): Iterable<{ first: number; count: number }> {
  const most = Math.max(1, Math.floor(bandBytes / (4 * width)));
  for (let first = 0; first < height; first += most) yield { first, count: Math.min(most, height - first) };
}

/** The same bands, each in a buffer that may be moved: copies of those that are the caller's. */
export function* ownBands({ bands, owned }: Pixels): Iterable<Uint8Array> {
  for (const band of bands) yield owned ? band : band.slice();
}

/** The same picture with every band in memory already, so that it no longer needs the canvas it is read from. */
export function buffered(pixels: Pixels): Pixels {
  return pixels.owned ? { ...pixels, bands: [...pixels.bands] } : pixels;
}

/** The same bytes, not clamped: engines move bytes between arrays of one class in one piece, else one by one. */
function bytesOf({ data }: RawImage): Uint8Array {
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
    `The region of ${region.width}×${region.height} pixels at (${region.x}, ${region.y}) is not inside ` +
      `the picture of ${width}×${height}.`,
  );
}

/** Pixels in memory, or a region of them. */
export function rawPixels(image: RawImage, region?: Region): Pixels {
  checkPixels(image);
  const { x, y, width, height } = regionIn(image, region);
  const owned = width < image.width;
  const at = (row: number) => 4 * ((y + row) * image.width + x);
  function* bands(): Iterable<Uint8Array> {
    checkPixels(image); // Its buffer may have been moved elsewhere since the call.
    const bytes = bytesOf(image);
    for (const { first, count } of bandsIn({ width, height })) {
      if (!owned) yield bytes.subarray(at(first), at(first + count));
      else yield copyRows(bytes, at(first), 4 * image.width, 4 * width, count);
    }
  }
  return { width, height, bands: bands(), owned };
}

/** `count` times `length` bytes, `stride` apart. */
function copyRows(
  bytes: Uint8Array,
  from: number,
  stride: number,
  length: number,
  count: number,
): Uint8Array {
  const rows = new Uint8Array(length * count);
  for (let row = 0; row < count; row++, from += stride) {
    rows.set(bytes.subarray(from, from + length), length * row);
  }
  return rows;
}

/** The opaque picture that shows when a picture is laid on a colour: the bytes of Pillow's `paste` with alpha as mask. */
export function compositeOn(pixels: Pixels, background: Rgb): Pixels {
  function* bands(): Iterable<Uint8Array> {
    for (const band of ownBands(pixels)) yield laidOn(background, band);
  }
  return { ...pixels, bands: bands(), owned: true };
}

function laidOn(background: Rgb, data: Uint8Array): Uint8Array {
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
  return data;
}
