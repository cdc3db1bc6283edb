// Infinity and NaN never look like an answer: tables that would make them are refused while loading, and a model that
// computes them rejects.
import { describe, expect, it } from '@jest/globals';
import { load, VitError, type Dtype, type Model } from 'vit-wasm';

import { failureOf, picture, safetensors, tinyConfig, tinyTensors, type Tensor } from './tiny-checkpoint.js';

const weights = safetensors(tinyTensors());

/** The tensor with every value `value`, but for the sign. */
function filled(tensor: Tensor, value: number): Tensor {
  const data = new Float32Array(tensor.data.slice().buffer).map((old) => (old < 0 ? -value : value));
  return { ...tensor, data: new Uint8Array(data.buffer) };
}

/** A model in which the tensors of some names are finite, but so large that what is computed with them is not. */
async function loadHuge(pattern: RegExp, dtype: Dtype): Promise<Model> {
  const tensors = tinyTensors().map((tensor) => (pattern.test(tensor.name) ? filled(tensor, 3e38) : tensor));
  return await load({ weights: safetensors(tensors), config: tinyConfig }, { dtype });
}

const isNotFinite = expect.objectContaining({
  code: 'not-finite',
  message: expect.stringContaining('infinite or NaN'),
});

describe.each<Dtype>(['fp32', 'int8'])('with huge %s weights', (dtype) => {
  it.each<[string, RegExp]>([
    ['everywhere', /weight$/],
    ['in the patch embedding, which the class token sees through attention alone', /projection\.weight$/],
    ['in the first block’s attention', /layer\.0\.attention.*value\.weight$/],
    ['in the first block’s MLP', /layer\.0\.(intermediate|output)\.dense\.weight$/],
    ['in the head', /^classifier\.weight$/],
  ])('%s no verb gives an answer', async (_, pattern) => {
    const model = await loadHuge(pattern, dtype);
    for (const failing of [model.classify(picture), model.logits(picture)]) {
      const error = await failureOf(failing);
      expect(error).toBeInstanceOf(VitError);
      expect(error).toEqual(isNotFinite);
    }
    if (!pattern.test('classifier.weight') || pattern.test('vit.layernorm.weight')) {
      expect(await failureOf(model.embed(picture))).toEqual(isNotFinite);
      expect(await failureOf(model.embed(picture, { pool: 'mean', normalize: true }))).toEqual(isNotFinite);
      expect(await failureOf(model.tokens(picture))).toEqual(isNotFinite);
    }
    // The model itself is as good as before.
    expect((await model.preprocess(picture)).every(Number.isFinite)).toBe(true);
    model.dispose();
  });
});

it('an embedding of denormal numbers is scaled to length 1', async () => {
  const tiny = tinyTensors().map((tensor) =>
    tensor.name.startsWith('vit.layernorm.') ? filled(tensor, 1e-40) : tensor,
  );
  const model = await load({ weights: safetensors(tiny), config: tinyConfig });
  const embedding = await model.embed(picture, { normalize: true });
  expect(Math.hypot(...embedding)).toBeCloseTo(1, 4);
  model.dispose();
});

describe('preprocessing that makes infinity or NaN is refused', () => {
  it.each([
    ['image_std', { image_std: [1e-300, 1, 1] }],
    ['a denormal image_std', { image_std: [1, 1e-42, 1] }],
    ['image_mean', { image_mean: [0.5, 0.5, 1e308] }],
    ['rescale_factor', { rescale_factor: 1e300 }],
  ])('%s', async (_, wrong) => {
    const preprocessor = { size: 8, ...wrong };
    const error = await failureOf(load({ weights, config: tinyConfig, preprocessor }));
    expect(error).toBeInstanceOf(VitError);
    expect(error).toMatchObject({
      code: 'preprocessor',
      message: expect.stringMatching(
        /^preprocessor_config\.json makes pixel values that are infinite or NaN/,
      ),
    });
  });

  it('also where the caller asks for it', async () => {
    const preprocess = { std: [1, 1, 1e-310] } as const;
    expect(await failureOf(load({ weights, config: tinyConfig }, { preprocess }))).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('The option `preprocess` makes pixel values'),
    });
  });
});
