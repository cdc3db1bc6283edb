// web/pictures/sources.ts in a real browser: the exact bytes of every kind of source, made in the page (page/pictures.js), and a
// sentence for each that has none.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { inChromium, withWebGpu } from './chromium.js';
import { answer, bytes, callPictures, height, png, routes, width, type Refusal } from './pictures.js';
import { startServer, type Server } from './server.js';

const chromium = inChromium(routes, {}, withWebGpu);
let elsewhere: Server;
beforeAll(async () => {
  elsewhere = await startServer({ '/picture.png': answer('image/png', png) });
});
afterAll(() => elsewhere?.close());

type Read = { width: number; height: number; data: number[] };

/** Calls what page/pictures.js exports. */
async function inPage<T>(name: string, ...args: unknown[]): Promise<T> {
  const page = await chromium.usual();
  return (await page.evaluate(callPictures, { name, args })) as T;
}

const exact = [
  'a 2D canvas',
  'a canvas that shows a bitmap',
  'a WebGL canvas',
  'a WebGL canvas without alpha',
  'a WebGL 2 canvas that keeps its buffer',
  'a WebGPU canvas',
  'an OffscreenCanvas',
  'an ImageData',
  'an ImageData of halves',
  'an ImageBitmap',
  'an <img> that is still loading',
  'raw RGBA',
  'a Blob',
  'a File',
  'an address',
  'a URL',
];
/** Whose colors are converted on the way. */
const near = ['a 2D canvas in Display-P3', 'a VideoFrame'];

describe('the bytes of', () => {
  it.each(exact)('%s', async (name) => {
    expect(await inPage('read', name)).toEqual({ width, height, data: bytes });
  });

  it.each(near)('%s, but for rounding', async (name) => {
    const { data, ...size } = await inPage<Read>('read', name);
    expect(size).toEqual({ width, height });
    const distance = Math.max(...data.map((value, at) => Math.abs(value - bytes[at])));
    expect(distance).toBeLessThanOrEqual(2);
  });

  it.each([...exact, ...near])('a region of %s', async (name) => {
    const region = { x: 1, y: 1, width: 2, height: 2 };
    const all = await inPage<Read>('read', name);
    const rows = [1, 2].map((y) => all.data.slice(4 * (y * width + 1), 4 * (y * width + 3)));
    const expected = { width: 2, height: 2, data: rows.flat() };
    expect(await inPage('read', name, { region })).toEqual(expected);
    const outside = { x: 3, y: 1, width: 2, height: 2 };
    expect(await inPage('read', name, { region: outside })).toEqual({
      code: 'invalid-argument',
      message: 'The region of 2×2 pixels at (3, 1) is not inside the picture of 4×3.',
    });
  });

  it('a JPEG that is to be turned by its EXIF orientation', async () => {
    const { blob, image } = await inPage<Record<string, Read>>('turned');
    expect([blob.width, blob.height]).toEqual([16, 32]);
    expect(image).toEqual(blob);
    const colorAt = (y: number) => blob.data.slice(4 * (16 * y + 8), 4 * (16 * y + 8) + 3);
    const [red, blue] = [colorAt(4), colorAt(28)];
    expect(red[0] > 240 && red[2] < 15).toBe(true);
    expect(blue[2] > 240 && blue[0] < 15).toBe(true);
  });

  it('a Display-P3 ImageData, in sRGB', async () => {
    for (const color of [
      [128, 128, 128],
      [200, 120, 90],
      [90, 160, 120],
      [0, 255, 0],
    ]) {
      const { data } = await inPage<Read>('displayP3', color);
      const expected = displayP3ToSrgb(color);
      expected.forEach((value, at) => expect(Math.abs(data[at] - value)).toBeLessThanOrEqual(1));
    }
  });

  it('a <video>: the frame it shows', async () => {
    const close = (color: number[], other: number[]) =>
      color.every((value, at) => Math.abs(value - other[at]) < 25);
    // Its ends, for a busy machine records fewer frames, and their times shift.
    for (const [time, shown] of [
      [0, [220, 30, 30]],
      [9, [30, 30, 220]],
    ] as const) {
      const { early, color, ...size } = await inPage<{ early: Refusal; color: number[] }>('video', time);
      expect(size).toEqual({ width: 64, height: 48 });
      expect({ time, color, close: close(color, [...shown]) }).toEqual({ time, color, close: true });
      expect(early).toEqual({ code: 'invalid-source', message: expect.stringContaining('"loadeddata"') });
    }
  });

  it('a picture laid on a color', async () => {
    const { raw, canvas } = await inPage<Record<string, number[]>>('onBackground', [10, 200, 30]);
    expect(raw).toEqual([133, 100, 18, 255, 10, 200, 30, 255, 1, 2, 3, 255, 159, 122, 46, 255]);
    raw.forEach((value, at) => expect(Math.abs(canvas[at] - value)).toBeLessThanOrEqual(1));
  });
});

/** By the two spaces' primaries, with the clipping a canvas does. */
function displayP3ToSrgb(color: number[]): number[] {
  const linear = color.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  const matrix = [
    [1.2249401762, -0.2249401762, 0],
    [-0.0420569547, 1.0420569547, 0],
    [-0.0196375546, -0.0786360455, 1.0982736001],
  ];
  return matrix.map((row) => {
    const light = Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, factor, at) => sum + factor * linear[at], 0),
      ),
    );
    return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
  });
}

describe('a sentence for', () => {
  it.each([
    ['an <img> of another origin', 'invalid-source', 'crossOrigin = "anonymous"'],
    ['a canvas with a picture of another origin', 'invalid-source', 'crossOrigin = "anonymous"'],
    ['an <img> that is broken', 'invalid-source', 'check its src'],
    ['an <img> without a source', 'invalid-source', 'check its src'],
    ['an <img> of an SVG without size', 'invalid-source', 'draw it onto a canvas of the size you want'],
    ['a Blob of an SVG', 'invalid-source', 'draw it onto a canvas of the size you want'],
    ['a Blob of text', 'invalid-source', 'could not decode'],
    ['an empty Blob', 'invalid-source', 'could not decode'],
    ['a VideoFrame that is closed', 'invalid-source', 'The VideoFrame is closed'],
    ['an ImageBitmap that is closed', 'invalid-source', '0×0'],
    ['a <video> without a frame', 'invalid-source', 'has no frame to show yet'],
    ['an address of nothing', 'not-found', 'Got status 404 from /nowhere.png'],
    ['an address of a page', 'html', 'answered with a page'],
    ['an address of another origin', 'unreadable', 'CORS'],
    ['an address that is none', 'unreadable', 'check the address'],
    ['a number', 'invalid-source', 'from this Number'],
    ['an element of another kind', 'invalid-source', 'from this HTMLParagraphElement'],
  ])('%s', async (name, code, says) => {
    const failure = await inPage('readPixelless', name, { elsewhere: elsewhere.origin });
    expect(failure).toEqual({ code, message: expect.stringContaining(says) });
  });

  it('an abort gives up the download of an address', async () => {
    expect(await inPage('abortDownload')).toBe(true);
  });

  it('nothing where canvases are read as they are drawn', async () => {
    const page = await chromium.open();
    const warnings: string[] = [];
    page.on('console', (message) => warnings.push(message.text()));
    await page.evaluate(callPictures, { name: 'read', args: ['a 2D canvas'] });
    expect(warnings).toEqual([]);
  });
});
