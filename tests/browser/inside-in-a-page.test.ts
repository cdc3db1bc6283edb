// Looking inside a model in Chromium: maps and layers' answers are those of Node to the bit, through a worker and in the page.
import { describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { entry, inChromium, type Package } from './chromium.js';
import { opaquePicture, pack, type PackedPicture } from './picture.js';

const chromium = inChromium();
const picture = opaquePicture();

interface Question {
  entry: string;
  worker: boolean;
  picture: PackedPicture;
}

async function lookInPage({ entry, worker, picture: { data, width, height } }: Question) {
  const { load } = (await import(entry)) as Package;
  const model = await load(undefined, { variant: 'simd', worker });
  const source = { data: Uint8ClampedArray.from(atob(data), (byte) => byte.charCodeAt(0)), width, height };
  const [attention, rollout] = [
    await model.attention(source, { layer: 2, head: 1 }),
    await model.attention(source, { rollout: true }),
  ];
  const explained = await model.explain(source, 3);
  const lens = await model.logitLens(source, { topK: 2, patches: true });
  const tokens = await model.tokens(source, { layer: 0 });
  model.dispose();
  const plain = <T extends { data: Float32Array }>(map: T) => ({ ...map, data: Array.from(map.data) });
  return [plain(attention), plain(rollout), plain(explained), lens, plain(tokens)] as unknown[];
}

describe('looking inside in a page', () => {
  it.each([true, false])('gives what Node gives (worker: %s)', async (worker) => {
    const page = await chromium.usual();
    const there = await page.evaluate(lookInPage, { entry, worker, picture: pack(picture) });
    const model = await load(undefined, { variant: 'simd' });
    const plain = <T extends { data: Float32Array }>(map: T) => ({ ...map, data: Array.from(map.data) });
    expect(there).toEqual([
      plain(await model.attention(picture, { layer: 2, head: 1 })),
      plain(await model.attention(picture, { rollout: true })),
      plain(await model.explain(picture, 3)),
      await model.logitLens(picture, { topK: 2, patches: true }),
      plain(await model.tokens(picture, { layer: 0 })),
    ]);
    model.dispose();
  });
});
