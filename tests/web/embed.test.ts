// The verbs embed and tokens, models without a head, and the imageSize option, through the built package. Their numbers
// are compared with transformers' in tests/families.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load, VitError, type EmbedOptions, type Model } from 'vit-wasm';

import { failureOf, makeTensor, picture, safetensors, tinyConfig, tinyTensors } from './tiny-checkpoint.js';

const weights = safetensors(tinyTensors());
/** Without names of classes. */
const unnamed = { ...tinyConfig, id2label: null };
const headless = {
  weights: safetensors(tinyTensors().filter(({ name }) => !name.startsWith('classifier.'))),
  config: unnamed,
};

let model: Model;

beforeAll(async () => {
  model = await load({ weights, config: tinyConfig });
});
afterAll(() => model.dispose());

describe('embed', () => {
  it('gives the class token, or the mean of the patches', async () => {
    const { data, tokens, hidden } = await model.tokens(picture);
    expect([tokens, hidden, data.length]).toEqual([5, 8, 40]);
    expect(await model.embed(picture)).toEqual(data.slice(0, 8));
    expect(await model.embed(picture, { pool: 'cls' })).toEqual(data.slice(0, 8));
    const mean = await model.embed(picture, { pool: 'mean' });
    for (let i = 0; i < 8; i++) {
      expect(mean[i]).toBeCloseTo((data[8 + i] + data[16 + i] + data[24 + i] + data[32 + i]) / 4, 6);
    }
  });

  it('gives vectors of length 1 when asked', async () => {
    for (const pool of ['cls', 'mean'] as const) {
      const embedding = await model.embed(picture, { pool });
      const unit = await model.embed(picture, { pool, normalize: true });
      const length = Math.hypot(...embedding);
      expect(Math.hypot(...unit)).toBeCloseTo(1, 6);
      unit.forEach((value, i) => expect(value).toBeCloseTo(embedding[i] / length, 6));
    }
  });

  it('takes many sources, and only a region of them', async () => {
    const region = { x: 3, y: 2, width: 9, height: 7 };
    const [first, second] = await model.embed([picture, picture], { region });
    expect(first).toEqual(second);
    expect(first).toEqual(await model.embed(picture, { region }));
    expect(first).not.toEqual(await model.embed(picture));
    const [tokens] = await model.tokens([picture], { region });
    expect(tokens.data.slice(0, 8)).toEqual(first);
  });

  it('leaves the answers of other verbs as they were', async () => {
    const before = await model.logits(picture);
    await model.embed(picture, { pool: 'mean', normalize: true });
    await model.tokens(picture);
    expect(await model.logits(picture)).toEqual(before);
  });

  it.each([
    [{ pool: 'max' }, 'invalid-argument', 'pool is "max", but it should be "cls" or "mean"'],
    [{ topK: 3 }, 'unsupported-option', 'embed has no option "topK"'],
  ])('refuses %j', async (options, code, says) => {
    const error = await failureOf(model.embed(picture, options as EmbedOptions));
    expect(error).toMatchObject({ name: 'VitError', code, message: expect.stringContaining(says) });
  });
});

describe('a model without a head', () => {
  it('embeds as the same model with one, and says why it does not classify', async () => {
    const bare = await load(headless);
    expect(bare.info).toMatchObject({ classes: 0, labels: [] });
    expect(await bare.embed(picture)).toEqual(await model.embed(picture));
    expect(await bare.tokens(picture)).toEqual(await model.tokens(picture));
    await bare.warmup();
    for (const call of [bare.classify(picture), bare.logits(picture)]) {
      const error = await failureOf(call);
      expect(error).toBeInstanceOf(VitError);
      expect(error).toMatchObject({
        code: 'no-head',
        message: expect.stringMatching(/^This model has no classification head, so \w+ is not available/),
      });
    }
    bare.dispose();
  });

  it('may have a pooler, as a ViTModel does: embed gives the token that goes into it', async () => {
    const pooler = [makeTensor('pooler.dense.weight', [8, 8]), makeTensor('pooler.dense.bias', [8])];
    const tensors = tinyTensors().filter(({ name }) => !name.startsWith('classifier.'));
    const withPooler = safetensors(
      [...tensors, ...pooler].map((tensor) => ({ ...tensor, name: tensor.name.replace(/^vit\./, '') })),
    );
    const pooled = await load({ weights: withPooler, config: { ...unnamed, architectures: ['ViTModel'] } });
    expect(await pooled.embed(picture)).toEqual(await model.embed(picture));
    expect(await failureOf(pooled.classify(picture))).toMatchObject({
      code: 'no-head',
      message: expect.stringContaining('so classify is not available; use embed'),
    });
    pooled.dispose();
  });

  it('takes no labels', async () => {
    const error = await failureOf(load(headless, { labels: ['apple'] }));
    expect(error).toMatchObject({ code: 'invalid-argument', message: expect.stringContaining('0 classes') });
  });

  it('is not what a checkpoint is whose config says that it classifies', async () => {
    const config = { ...unnamed, architectures: ['ViTForImageClassification'] };
    const error = await failureOf(load({ ...headless, config }));
    expect(error).toMatchObject({
      code: 'tensors',
      message: expect.stringContaining('"classifier.weight" is missing'),
    });
  });
});

describe('imageSize', () => {
  it.each([
    [16, { width: 16, height: 16 }],
    [
      { width: 20, height: 12 },
      { width: 20, height: 12 },
    ],
  ])('%j is what pictures come to the network in', async (imageSize, size) => {
    const larger = await load({ weights, config: tinyConfig }, { imageSize });
    expect(larger.info.imageSize).toEqual(size);
    expect(await larger.preprocess(picture)).toHaveLength(3 * size.width * size.height);
    expect(await larger.tokens(picture)).toMatchObject({ tokens: 1 + (size.width * size.height) / 16 });
    expect(larger.info.memoryBytes).toBeGreaterThan(model.info.memoryBytes);
    larger.dispose();
  });

  it('of the model itself changes nothing', async () => {
    const same = await load({ weights, config: tinyConfig }, { imageSize: 8 });
    expect(await same.logits(picture)).toEqual(await model.logits(picture));
    same.dispose();
  });

  it('overrides what a preprocessor has that does not fit the model', async () => {
    const given = { weights, config: tinyConfig, preprocessor: { size: { height: 12, width: 12 } } };
    expect(await failureOf(load(given))).toMatchObject({
      code: 'preprocessor',
      message: expect.stringMatching(
        /gives pictures of 12×12 pixels, but the model takes 8×8; .*`imageSize`\.$/,
      ),
    });
    const fitting = await load(given, { imageSize: 12 });
    expect(fitting.info.imageSize).toEqual({ width: 12, height: 12 });
    fitting.dispose();
  });
});
