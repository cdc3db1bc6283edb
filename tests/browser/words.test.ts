// Classes in words in Chromium: the answers of Node to the bit, in a worker and in the page, from every entry; and what
// stays of the text encoder.
import { describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { opaquePicture, pack, type PackedPicture } from './picture.js';

const chromium = inChromium({ ...usualRoutes, '/zero-shot/': new URL('zero-shot/', fixtures) });
const picture = opaquePicture();

interface Question {
  entry: string;
  url: string;
  worker: boolean;
  labels: string[];
  picture: PackedPicture;
}

async function askInPage({ entry, url, worker, labels, picture }: Question) {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, { variant: 'simd', worker, labels });
  const { width, height } = picture;
  const data = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const logits = await model.logits({ data, width, height });
  const text = await model.embedText(labels[0]);
  const classes = model.info.labels;
  model.dispose();
  return { logits: Array.from(logits), text: Array.from(text), classes };
}

describe.each([entry, '/package/inline.js'])('%s', (from) => {
  it.each(
    zeroShotModels.flatMap((model) => [true, false].map((worker) => ({ model, name: model.name, worker }))),
  )('$name (worker: $worker)', async ({ model, worker }) => {
    const { labels } = model;
    const page = await chromium.usual();
    const url = `/zero-shot/${model.name}/`;
    const answers = await page.evaluate(askInPage, {
      entry: from,
      url,
      worker,
      labels,
      picture: pack(picture),
    });
    const here = await load(zeroShotFolder(model), { variant: 'simd', labels });
    expect(answers).toEqual({
      logits: [...(await here.logits(picture))],
      text: [...(await here.embedText(labels[0]))],
      classes: labels,
    });
    here.dispose();
  });
});

it('ends the worker of the text encoder once words are encoded', async () => {
  const page = await chromium.usual();
  const before = page.workers().length;
  const during = page.waitForEvent('worker');
  await page.evaluate(async (address) => {
    const { load } = (await import(address)) as Package;
    const model = await load('/zero-shot/clip/', { labels: ['a', 'b'] });
    Object.assign(globalThis, { model });
  }, entry);
  await during;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(page.workers().length).toBe(before + 1);
});
