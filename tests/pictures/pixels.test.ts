// Pixels in memory on their way to the engine: which bytes come in which bands, and that the caller's stay as they are.
import { describe, expect, it } from '@jest/globals';

import { compositeOn, ownBands, rawPixels, type Pixels } from '../../web/pictures/pixels.js';
import { buffered } from '../../web/pictures/pixels.js';
import type { RawImage } from '../../web/types.js';

/** Large enough for several bands, the last of which is shorter; inside a larger buffer. */
const width = 600;
const height = 1001;
const data = new Uint8Array(4 * width * height + 8).subarray(4, -4);
for (let at = 0; at < data.length; at++) data[at] = (at * 31) ^ (at >> 9);
const image: RawImage = { data, width, height };

const bytesOf = ({ bands }: Pixels) => Buffer.concat([...bands]);

describe('a picture in memory', () => {
  it('comes in bands of whole rows that lie in its own buffer', () => {
    const pixels = rawPixels(image);
    expect(pixels).toMatchObject({ width, height, owned: false });
    const bands = [...pixels.bands];
    expect(bands.length).toBeGreaterThan(2);
    for (const band of bands) {
      expect(band.length % (4 * width)).toBe(0);
      expect(band.buffer).toBe(data.buffer);
    }
    expect(Buffer.concat(bands).equals(data)).toBe(true);
  });

  it('comes row by row where a single one is as much as a band', () => {
    const wide = { data: new Uint8Array(4 * 200_000 * 3), width: 200_000, height: 3 };
    expect([...rawPixels(wide).bands].map(({ length }) => length)).toEqual([800_000, 800_000, 800_000]);
  });

  it('is copied where it has to be moved', () => {
    const bands = [...ownBands(rawPixels(image))];
    for (const { buffer, byteLength } of bands) {
      expect(buffer).not.toBe(data.buffer);
      expect(buffer.byteLength).toBe(byteLength);
    }
    expect(Buffer.concat(bands).equals(data)).toBe(true);
  });

  it.each([
    { x: 17, y: 30, width: 500, height: 900 },
    { x: 0, y: 7, width, height: 990 },
    { x: 599, y: 0, width: 1, height },
  ])('gives its region %j', (region) => {
    const rows = Array.from({ length: region.height }, (_, row) => {
      const from = 4 * ((region.y + row) * width + region.x);
      return data.subarray(from, from + 4 * region.width);
    });
    const pixels = rawPixels(image, region);
    expect(pixels).toMatchObject({ width: region.width, height: region.height });
    expect(Buffer.concat([...ownBands(pixels)]).equals(Buffer.concat(rows))).toBe(true);
  });

  it('stays as it is when it is laid on a color', () => {
    const before = data.slice();
    const laid = bytesOf(compositeOn(rawPixels(image), [10, 200, 30]));
    expect(before.every((value, at) => value === data[at])).toBe(true);
    expect(laid.length).toBe(data.length);
    expect(laid.every((value, at) => at % 4 !== 3 || value === 255)).toBe(true);
  });

  it('whose copies have been read through can be walked through once more', () => {
    const held = buffered(rawPixels(image, { x: 1, y: 0, width: width - 1, height }));
    const bytes = bytesOf(held);
    expect(bytes).toHaveLength(4 * (width - 1) * height);
    expect(bytesOf(held).equals(bytes)).toBe(true);
  });
});
