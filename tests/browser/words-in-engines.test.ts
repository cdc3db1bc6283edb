// Words in the three engines that browsers are made of: texts, labels and answers of Node, to the bit.
import { describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { zeroShotFolder, zeroShotModels, type ZeroShotModel } from '../golden/zero-shot.js';
import { entry, usualRoutes, type Package } from './chromium.js';
import { engines, inEngine } from './engines.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';

const picture = opaquePicture();
const template = ['{}', 'a photo of {}'];

interface Question {
  readonly entry: string;
  readonly url: string;
  readonly labels: readonly string[];
  readonly template: readonly string[];
  readonly dtype: 'fp32' | 'int8';
  readonly picture: PackedPicture;
}

async function askInPage({ entry, url, labels, template, dtype, picture }: Question) {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, { variant: 'simd', dtype, cache: false });
  const { width, height } = picture;
  const data = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const texts = await model.embedText(labels, { normalize: true });
  const vectors = await model.setLabels(labels, { template });
  const logits = await model.logits({ data, width, height });
  await model.setLabels(vectors);
  const again = await model.logits({ data, width, height });
  model.dispose();
  return {
    texts: texts.flatMap((text) => Array.from(text)),
    vectors: vectors.vectors,
    logits: Array.from(logits),
    again: Array.from(again),
  };
}

async function askNode({ labels }: ZeroShotModel, dtype: Question['dtype'], folder: URL) {
  const model = await load(folder, { variant: 'simd', dtype });
  const texts = await model.embedText(labels, { normalize: true });
  const { vectors } = await model.setLabels(labels, { template });
  const logits = await model.logits(picture);
  model.dispose();
  return { texts: texts.flatMap((text) => [...text]), vectors, logits: [...logits] };
}

describe.each(engines)('%s', (name) => {
  const inPage = inEngine(name, { ...usualRoutes, '/zero-shot/': new URL('zero-shot/', fixtures) });

  it.each(
    zeroShotModels.flatMap((model) =>
      (['fp32', 'int8'] as const).map((dtype) => ({ model, name: model.name, dtype })),
    ),
  )('$name in $dtype', async ({ model, name: folder, dtype }) => {
    const { labels } = model;
    const url = `/zero-shot/${folder}/`;
    const answers = await inPage(askInPage, { entry, url, labels, template, dtype, picture: pack(picture) });
    const expected = await askNode(model, dtype, zeroShotFolder(model));
    expect(bitsOf(answers.texts)).toEqual(bitsOf(expected.texts));
    expect(answers.vectors).toBe(expected.vectors);
    expect(bitsOf(answers.logits)).toEqual(bitsOf(expected.logits));
    expect(bitsOf(answers.again)).toEqual(bitsOf(expected.logits));
  });
});
