// Pixels in memory: how they are checked, cropped and composited on a color.
import { VitError } from '../errors.js';
import type { RawImage, Region, Size } from '../types.js';

/**
 * A picture on its way to the engine, in bands of rows: a worker resizes one band while this thread reads the next, and
 * they never have to be in memory all at once.
 */
export interface Pixels extends Size {
  /** All rows from the top, RGBA, in the bands of `bandsIn`. Can be iterated only once. */
  readonly bands: Iterable<Uint8Array>;
  /**
   * Whether every band has its own buffer, made here, which may be transferred to a worker; otherwise the buffers are
   * the caller's.
   */
  readonly owned: boolean;
  /**
   * Whether the bands come from a source that the page may change, so that they are iterated before it has its turn.
   */
  readonly live?: boolean;
}

/** R, G and B, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Bytes of a band, roughly: few enough to stay in the core's cache until the next step reads them. */
const bandBytes = 1 << 19;

/** The bands into which a picture is cut: the first row of each, and its number of rows. */
export function* bandsIn({ width, height }: Size): Iterable<{ first: number; count: number }> {
  const most = Math.max(1, Math.floor(bandBytes / (4 * width)));
  for (let first = 0; first < height; first += most) yield { first, count: Math.min(most, height - first) };
}

/** The same bands, each in a buffer that may be transferred: those of the caller are copied. */
export function* ownBands({ bands, owned }: Pixels): Iterable<Uint8Array> {
  for (const band of bands) yield owned ? band : band.slice();
}

/** The same picture with all bands in memory, so that it no longer needs the source it is read from. */
export function buffered(pixels: Pixels): Pixels {
  return pixels.owned ? { ...pixels, bands: [...pixels.bands], live: false } : pixels;
}

/**
 * The same bytes, not clamped: engines copy between arrays of the same class in one piece, and otherwise byte by byte.
 */
function bytesOf({ data }: RawImage): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Rejects what is not a picture. */
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

/** Accepts bytes from another window or realm, too. */
function isBytes(data: unknown): boolean {
  return ArrayBuffer.isView(data) && /Uint8(Clamped)?Array/.test(Object.prototype.toString.call(data));
}

export function checkSize({ width, height }: Size, what: string): void {
  if (Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0) return;
  throw new VitError(
    'invalid-source',
    `The ${what} is ${width}×${height}; it needs at least one pixel (a closed bitmap or frame has none).`,
  );
}

/** The region, or by default all of a picture of this size. */
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
    checkPixels(image); // Its buffer may have been transferred since the call.
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

/** The opaque picture that results from compositing on a color, equal to Pillow's `paste` with alpha as the mask. */
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
      // x / 255, rounded to the nearest, in integer arithmetic.
      const sum = data[at + channel] * alpha + background[channel] * (255 - alpha) + 128;
      data[at + channel] = (sum + (sum >> 8)) >> 8;
    }
    data[at + 3] = 255;
  }
  return data;
}
