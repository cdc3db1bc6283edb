// Teaching in Chromium: the same answers as Node's, in a worker and in the page, and JSON that comes back.
import { describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { entry, inChromium, type Package } from './chromium.js';
import { opaquePicture, pack, type PackedPicture } from './picture.js';

const chromium = inChromium();
const picture = opaquePicture();
const half = Math.floor(picture.width / 2);
const left = { x: 0, y: 0, width: half, height: picture.height };
const right = { ...left, x: picture.width - half };

interface Question {
  entry: string;
  worker: boolean;
  picture: PackedPicture;
  regions: (typeof left)[];
}

/** Teaches the left and the right half of a picture, and asks about both. */
async function teachInPage({ entry, worker, picture, regions }: Question) {
  const { load, fewShotFromJSON } = (await import(entry)) as Package;
  const { width, height } = picture;
  const data = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const source = { data, width, height };
  const model = await load(undefined, { variant: 'simd', worker });
  const own = model.fewShot();
  await own.add('left', source, { region: regions[0] });
  await own.add('right', source, { region: regions[1] });
  await own.train();
  const again = await fewShotFromJSON(model, JSON.parse(JSON.stringify(own.toJSON())));
  const answers = [];
  for (const one of [own, again]) {
    for (const region of regions) answers.push(await one.classify(source, { region }));
  }
  model.dispose();
  return answers;
}

describe('teaching in a page', () => {
  it.each([true, false])('answers as in Node (worker: %s)', async (worker) => {
    const page = await chromium.usual();
    const regions = [left, right];
    const there = await page.evaluate(teachInPage, { entry, worker, picture: pack(picture), regions });

    const model = await load(undefined, { variant: 'simd' });
    const own = model.fewShot();
    await own.add('left', picture, { region: left });
    await own.add('right', picture, { region: right });
    await own.train();
    const answers = [
      await own.classify(picture, { region: left }),
      await own.classify(picture, { region: right }),
    ];
    model.dispose();
    expect(answers.map(([{ label }]) => label)).toEqual(['left', 'right']);
    expect(there).toEqual([...answers, ...answers]);
  });
});
