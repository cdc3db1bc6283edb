// Every kind of source that shows the same opaque pixels gives the same probabilities, and they are Node's.
import { describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { entry, inChromium, type Package } from './chromium.js';
import { opaquePicture, pack, type PackedPicture } from './picture.js';

const chromium = inChromium();
const picture = opaquePicture();

interface Question {
  entry: string;
  picture: PackedPicture;
  worker: boolean;
}

/** Runs in the page: the probabilities by kind of source, and those of all of them in one call. */
async function classifyAll({ entry, picture, worker }: Question) {
  const { width, height } = picture;
  const bytes = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const imageData = new ImageData(bytes, width, height);
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d')?.putImageData(imageData, 0, 0);
  const offscreen = new OffscreenCanvas(width, height);
  offscreen.getContext('2d')?.putImageData(imageData, 0, 0);
  // A canvas that has no 2D context, and cannot get one any more.
  const shown = Object.assign(document.createElement('canvas'), { width, height });
  shown.getContext('bitmaprenderer')?.transferFromImageBitmap(await createImageBitmap(imageData));
  const png = await offscreen.convertToBlob({ type: 'image/png' });

  const image = new Image();
  image.src = URL.createObjectURL(png);

  const sources = {
    'a canvas': canvas,
    'a canvas that shows a bitmap': shown,
    'an OffscreenCanvas': offscreen,
    'an ImageData': imageData,
    'an ImageBitmap': await createImageBitmap(imageData),
    'raw RGBA, clamped': { data: bytes, width, height },
    'raw RGBA': { data: Uint8Array.from(bytes), width, height },
    'an <img> that is still loading': image,
    'a Blob': png,
    'an address': URL.createObjectURL(png),
    'a File': new File([png], 'picture.png', { type: 'image/png' }),
  };
  const { load } = (await import(entry)) as Package;
  const model = await load('/models/three-blocks/', { variant: 'simd', worker });
  const byClass = (predictions: { index: number; probability: number }[]) =>
    predictions.sort((a, b) => a.index - b.index).map(({ probability }) => probability);
  const alone: Record<string, number[]> = {};
  for (const [kind, source] of Object.entries(sources)) {
    alone[kind] = byClass(await model.classify(source, { topK: 10 }));
  }
  const together = await model.classify(Object.values(sources), { topK: 10 });
  // Nothing was taken from the caller.
  const kept =
    bytes.length === width * height * 4 &&
    canvas.width === width &&
    sources['an ImageBitmap'].width === width;
  model.dispose();
  return { alone, together: together.map(byClass), kept };
}

/** Runs in the page: what the network sees of a canvas that is painted black while the calls are under way. */
async function preprocessLarge({ entry, picture, worker }: Question) {
  const { width, height } = picture;
  const bytes = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const imageData = new ImageData(bytes, width, height);
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  context?.putImageData(imageData, 0, 0);
  const { load } = (await import(entry)) as Package;
  const model = await load('/models/three-blocks/', { variant: 'simd', worker });
  // The first is read in its turn, which has come, the second waits for it.
  const calls = [canvas, canvas, imageData].map((source) => model.preprocess(source));
  context?.fillRect(0, 0, width, height);
  calls.push(model.preprocess(canvas));
  const seen = await Promise.all(calls);
  model.dispose();
  return seen.map((values) => [...values]);
}

describe.each([true, false])('worker: %s', (worker) => {
  it('a large canvas counts as it is at the time of the call', async () => {
    const large = opaquePicture(1500, 1000);
    const page = await chromium.usual();
    const seen = await page.evaluate(preprocessLarge, { entry, picture: pack(large), worker });

    const model = await load(new URL('../golden/fixtures/models/three-blocks/', import.meta.url));
    const expected = [...(await model.preprocess(large))];
    const black = [...(await model.preprocess({ ...large, data: large.data.map(() => 0) }))];
    model.dispose();
    expect(seen).toEqual([expected, expected, expected, black]);
  });

  it('all sources give the same probabilities', async () => {
    const page = await chromium.usual();
    const { alone, together, kept } = await page.evaluate(classifyAll, {
      entry,
      picture: pack(picture),
      worker,
    });

    const model = await load(new URL('../golden/fixtures/models/three-blocks/', import.meta.url), {
      variant: 'simd',
    });
    const predictions = await model.classify(picture, { topK: 10 });
    model.dispose();
    const expected = predictions.sort((a, b) => a.index - b.index).map(({ probability }) => probability);

    const kinds = Object.keys(alone);
    expect(kinds).toHaveLength(11);
    expect(alone).toEqual(Object.fromEntries(kinds.map((kind) => [kind, expected])));
    expect(together).toEqual(kinds.map(() => expected));
    expect(kept).toBe(true);
  });
});
