// Every family of checkpoints as transformers computes it, from the folder on disk to the answers.
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load, type Model } from 'vit-wasm';

import { variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { familyFolder, familyModels, type FamilyCase } from '../golden/families.js';
import { readTensors, tensorOf } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';
import { failureOf } from '../web/tiny-checkpoint.js';

/** Largest absolute error. The issue asks for 1e-4; what is left of it shows a mistake that rounding does not make. */
const tolerance = 2e-5;

const cases = variants.flatMap((variant) =>
  familyModels.flatMap((model) =>
    model.cases.map((one) => ({ variant, model, one, name: `${model.name}, ${one.name} size` })),
  ),
);

describe.each(cases)('$name ($variant)', ({ variant, model, one, name }) => {
  it('gives what transformers gives', async () => {
    const expected = await readTensors(`families/${model.name}/expected.safetensors`);
    const loaded = await load(fileURLToPath(familyFolder(model)), { variant, imageSize: one.imageSize });
    try {
      expect(loaded.info.modelType).toBe(model.modelType);
      if (one.imageSize) expect(loaded.info.imageSize).toEqual(one.imageSize);
      const embedding = expected.get(`${one.name}.embedding`);
      await checkTokens(loaded, one, tensorOf(expected, `${one.name}.tokens`), name);
      if (embedding) {
        expectClose(await loaded.embed(makeImage(one.picture)), embedding, tolerance, `embedding of ${name}`);
      } else {
        await checkPoolings(loaded, one, tensorOf(expected, `${one.name}.tokens`), name);
      }
      const logits = expected.get(`${one.name}.logits`);
      if (logits) await checkAnswers(loaded, one, logits, name);
      else await checkRefusal(loaded, one);
    } finally {
      loaded.dispose();
    }
  });
});

async function checkTokens(
  loaded: Model,
  one: FamilyCase,
  expected: Float32Array,
  name: string,
): Promise<void> {
  const picture = makeImage(one.picture);
  const { data, tokens, hidden } = await loaded.tokens(picture);
  expect(hidden).toBe(loaded.info.hidden);
  expect(data).toHaveLength(tokens * hidden);
  expectClose(data, expected, tolerance, `tokens of ${name}`);
}

/** Of models whose embeddings are tokens, or their mean, as they are. */
async function checkPoolings(
  loaded: Model,
  one: FamilyCase,
  expected: Float32Array,
  name: string,
): Promise<void> {
  const picture = makeImage(one.picture);
  const { hidden } = loaded.info;
  const tokens = expected.length / hidden;
  const grid = await loaded.tokens(picture);
  const patches = grid.rows * grid.columns;
  const first = tokens - patches;
  const mean = Array.from({ length: hidden }, (_, channel) => {
    let sum = 0;
    for (let token = first; token < tokens; token++) sum += expected[token * hidden + channel];
    return sum / patches;
  });
  expectClose(await loaded.embed(picture, { pool: 'mean' }), mean, tolerance, `mean of ${name}`);
  if (first === 0) {
    expect(await failureOf(loaded.embed(picture, { pool: 'cls' }))).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining("use `pool: 'mean'`"),
    });
    return;
  }
  const [embedding] = await loaded.embed([picture], { pool: 'cls' });
  expectClose(embedding, expected.subarray(0, hidden), tolerance, `class token of ${name}`);
  const length = Math.hypot(...embedding);
  const unit = await loaded.embed(picture, { pool: 'cls', normalize: true });
  expectClose(
    unit,
    embedding.map((value) => value / length),
    1e-6,
    `direction of ${name}`,
  );
}

async function checkAnswers(
  loaded: Model,
  one: FamilyCase,
  logits: Float32Array,
  name: string,
): Promise<void> {
  const picture = makeImage(one.picture);
  expectClose(await loaded.logits(picture), logits, tolerance, `logits of ${name}`);
  const predictions = await loaded.classify(picture, { topK: logits.length });
  const given = new Array<number>(logits.length);
  for (const { index, probability } of predictions) given[index] = probability;
  const powers = Array.from(logits, Math.exp);
  const total = powers.reduce((sum, power) => sum + power);
  const multiLabel = name.includes('multi-label');
  const probabilities = powers.map((power) => power / (multiLabel ? 1 + power : total));
  expectClose(given, probabilities, 1e-5, `probabilities of ${name}`);
}

async function checkRefusal(loaded: Model, one: FamilyCase): Promise<void> {
  expect(loaded.info).toMatchObject({ classes: 0, labels: [] });
  for (const verb of ['classify', 'logits'] as const) {
    expect(await failureOf(loaded[verb](makeImage(one.picture)))).toMatchObject({
      code: 'no-head',
      message: expect.stringMatching(/^This model has no classification head, so .*\.$/),
    });
  }
}
