// Every verb in the three engines that browsers are made of: the plain build gives Node's answers to the bit, and the
// relaxed build, where an engine has it, is close to the plain one.
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { expectClose } from '../expect-close.js';
import { fixtures } from '../golden/fixtures.js';
import { entry, type Package } from './chromium.js';
import { engines, inEngine } from './engines.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';

const picture = opaquePicture();
const dtypes = ['fp32', 'int8'] as const;
const folder = 'models/three-blocks/';

/** The relaxed build rounds otherwise, and in int8 a value may become its neighbor. */
const tolerance = { fp32: 1e-5, int8: 1e-3 };

interface Question {
  readonly entry: string;
  readonly url: string;
  readonly variant: 'simd' | 'relaxed';
  readonly worker: boolean;
  readonly dtype: (typeof dtypes)[number];
  readonly picture: PackedPicture;
  readonly answersOf: string;
}

type Answers = Record<string, number[]>;
type Model = Awaited<ReturnType<Package['load']>>;
type Picture = Parameters<Model['classify']>[0];

/** What every verb gives. It goes into the page as text, so it sees nothing but its arguments. */
async function answersOf(model: Model, picture: Exclude<Picture, readonly unknown[]>): Promise<Answers> {
  const region = { x: 10, y: 5, width: 50, height: 40 };
  const list = (values: Iterable<number>) => Array.from(values);
  const predictions = await model.classify(picture, { topK: model.info.classes });
  const lens = await model.logitLens(picture, { topK: model.info.classes, patches: true });
  const taught = model.fewShot();
  await taught.add('one', picture, { region });
  await taught.add('other', picture, { region: { ...region, x: 40 } });
  await taught.train();
  return {
    indices: predictions.map(({ index }) => index),
    probabilities: predictions.map(({ probability }) => probability),
    logits: list(await model.logits(picture)),
    'logits of a region': list(await model.logits(picture, { region })),
    'logits of several': (await model.logits([picture, picture])).flatMap(list),
    embed: list(await model.embed(picture)),
    'embed the mean': list(await model.embed(picture, { pool: 'mean', normalize: true })),
    tokens: list((await model.tokens(picture)).data),
    'tokens of a layer': list((await model.tokens(picture, { layer: 1 })).data),
    preprocess: list(await model.preprocess(picture)),
    attention: list((await model.attention(picture, { layer: 1, head: 0 })).data),
    rollout: list((await model.attention(picture, { rollout: true })).data),
    explain: list((await model.explain(picture, 0)).data),
    'lens of layers': lens.flatMap((layer) => layer.predictions.map(({ probability }) => probability)),
    'lens of patches': lens.flatMap(({ patches = [] }) => patches.map(({ probability }) => probability)),
    taught: (await taught.classify(picture)).map(({ probability }) => probability),
  };
}

/** Runs in the page: what every verb gives; null where the engine does not have the build. */
async function askAll({ entry, url, variant, worker, dtype, picture, answersOf }: Question) {
  const { load } = (await import(entry)) as Package;
  let model: Model;
  try {
    model = await load(url, { variant, worker, dtype });
  } catch (error) {
    if (variant === 'relaxed' && ['wasm', 'no-simd'].includes((error as { code: string }).code)) return null;
    throw error;
  }
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height);
  const bytes = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
  const ask = (0, eval)(`(${answersOf})`) as (model: Model, picture: Picture) => Promise<Answers>;
  const answers = await ask(model, canvas);
  model.dispose();
  return answers;
}

/** The same in Node. */
async function askNode(dtype: Question['dtype']): Promise<Answers> {
  const model = await load(fileURLToPath(new URL(folder, fixtures)), { variant: 'simd', dtype });
  const answers = await answersOf(model, picture);
  model.dispose();
  return answers;
}

const inPageToo = { picture: pack(picture), answersOf: String(answersOf) };

describe.each(engines)('%s', (name) => {
  const inPage = inEngine(name);
  const ask = (variant: Question['variant'], worker: boolean, dtype: Question['dtype']) =>
    inPage(askAll, { entry, url: `/${folder}`, variant, worker, dtype, ...inPageToo });

  it.each(dtypes.flatMap((dtype) => [true, false].map((worker) => ({ dtype, worker }))))(
    'the plain build gives the answers of Node to the bit: %j',
    async ({ dtype, worker }) => {
      const expected = await askNode(dtype);
      const answers = await ask('simd', worker, dtype);
      expect(Object.keys(answers ?? {}).sort()).toEqual(Object.keys(expected).sort());
      for (const [verb, values] of Object.entries(answers ?? {})) {
        expect({ verb, bits: bitsOf(values) }).toEqual({ verb, bits: bitsOf(expected[verb]) });
      }
    },
  );

  it.each(dtypes)('the relaxed build is close to the plain one in %s', async (dtype) => {
    const relaxed = await ask('relaxed', true, dtype);
    // Safari's engine does not have the instructions.
    expect(relaxed === null).toBe(name === 'WebKit');
    if (relaxed === null) return;
    const { indices, ...plain } = await askNode(dtype);
    expect(relaxed['indices']).toEqual(indices);
    for (const [verb, values] of Object.entries(plain)) {
      expectClose(relaxed[verb], values, tolerance[dtype], verb);
    }
  });
});
