// A trained classifier exported as a model folder: `load` opens it and gives the same answers, for a tiny model of every
// family. What transformers makes of such folders: tests/golden/check_exported.py.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load, type Model, type Prediction } from 'vit-wasm';

import { expectClose } from '../expect-close.js';
import { asked, taughtColors } from '../golden/colors.mjs';
import { fixtures, readJson } from '../golden/fixtures.js';
import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

/** Of transformers' families, or by its folder. */
const folder = (name: string) => {
  const place = name.includes('/') ? name : `families/${name}`;
  return fileURLToPath(new URL(/\.npz$/.test(place) ? place : `${place}/`, fixtures));
};
const inverted = { ...picture, data: picture.data.map((value) => 255 - value) };
const region = { x: 0, y: 0, width: 9, height: 12 };

async function taught(model: Model, options: Parameters<Model['fewShot']>[0] = {}) {
  const own = model.fewShot(options);
  await own.add('plain', [picture]);
  await own.add('inverted', inverted);
  await own.add('part', picture, { region });
  await own.train();
  return own;
}

function expectSame(actual: readonly Prediction[], expected: readonly Prediction[], digits = 5): void {
  expect(actual.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
  actual.forEach(({ probability, index }, at) => {
    expect(index).toBe(expected[at].index);
    expect(probability).toBeCloseTo(expected[at].probability, digits);
  });
}

describe.each([
  'vit',
  'vit-model',
  'vit-model-5',
  'vit-msn',
  'vit-multi-label',
  'deit',
  'deit-distilled',
  'dinov2',
  'dinov2-model',
  'dinov2-registers',
  'i-jepa',
  'timm/class-token',
  'timm/flat-config',
  'timm/wrapped',
  'timm/average',
  'timm/distilled',
  'timm/no-head',
  'timm/gated',
  'timm/siglip',
  'timm/eva02-base',
  'timm/eva02-clip',
  'timm/dinov3',
  'timm/beit',
  'clip',
  'clip-model',
  'clip-vision',
  'npz/augreg.npz',
  'npz/imagenet-21k.npz',
  'npz/big-vision.npz',
  'npz/big-vision-token.npz',
  'npz/bfloat16.npz',
  'npz/big-vision-stacked.npz',
])('%s', (name) => {
  it.each(['logistic', 'prototype'] as const)('exported from %s answers alike', async (method) => {
    const model = await load(folder(name));
    const own = await taught(model, { method });
    const files = await own.export();
    expect(files.map((file) => file.name)).toEqual(
      expect.arrayContaining(['config.json', 'model.safetensors']),
    );
    const again = await load(files);
    expect(again.info.labels).toEqual(['plain', 'inverted', 'part']);
    for (const one of [picture, inverted]) expectSame(await again.classify(one), await own.classify(one));
    expectSame(await again.classify(picture, { region }), await own.classify(picture, { region }));
    // The head is all that has changed.
    const embedding = await model.embed(picture, { projection: false });
    expectClose(await again.embed(picture), embedding, 1e-6, 'the embedding');
    again.dispose();
    model.dispose();
  });
});

/** What transformers and timm answer with what was exported (golden/check_exported.py), by the model's name. */
const recorded = await readJson<Record<string, number[]>>('exported.json');

describe.each(Object.entries(recorded))('%s in Python', (name, probabilities) => {
  it('answered as the classifier does', async () => {
    const model = await load(name === 'builtin' ? undefined : folder(name));
    const own = await taughtColors(model);
    const answers = [...(await own.classify(asked))].sort((a, b) => a.index - b.index);
    // Of int8 weights what Python has are those they stand for, and it rounds no activations.
    const tolerance = model.info.dtype === 'int8' ? 0.05 : 1e-4;
    expectClose(
      answers.map(({ probability }) => probability),
      probabilities,
      tolerance,
      name,
    );
    model.dispose();
  });
});

describe('what is exported', () => {
  it('is the checkpoint but for its head', async () => {
    const model = await load(folder('vit'));
    const files = await (await taught(model)).export();
    const json = async (at: number) => JSON.parse(await files[at].text()) as Record<string, unknown>;
    const original = JSON.parse(await readFile(`${folder('vit')}config.json`, 'utf8')) as Record<
      string,
      unknown
    >;
    const { id2label, label2id, architectures, ...rest } = await json(0);
    expect(original).toMatchObject(rest);
    expect([id2label, label2id]).toEqual([
      { 0: 'plain', 1: 'inverted', 2: 'part' },
      { plain: 0, inverted: 1, part: 2 },
    ]);
    expect(architectures).toEqual(['ViTForImageClassification']);
    expect(await json(2)).toEqual(
      JSON.parse(await readFile(`${folder('vit')}preprocessor_config.json`, 'utf8')) as unknown,
    );
    model.dispose();
  });

  it('can be of the mean of the patches, where the head sees that too', async () => {
    const model = await load(folder('dinov2'));
    const own = await taught(model, { pool: 'mean' });
    const again = await load(await own.export());
    expectSame(await again.classify(inverted), await own.classify(inverted));
    again.dispose();
    model.dispose();
  });

  it('can be of weights in memory', async () => {
    const weights = safetensors(tinyTensors());
    const model = await load({ weights, config: tinyConfig });
    const own = await taught(model);
    const again = await load(await own.export());
    // Its embeddings are nearly the same, so that single precision leaves less of their differences.
    expectSame(await again.classify(inverted), await own.classify(inverted), 3);
    expect(weights.length).toBeGreaterThan(0); // held until here
    again.dispose();
    model.dispose();
  });

  it('of int8 weights are the numbers that they stand for', async () => {
    const model = await load();
    expect(model.info.dtype).toBe('int8');
    const own = await taughtColors(model);
    const again = await load(await own.export());
    expect(again.info.dtype).toBe('fp32');
    const byIndex = (answers: readonly Prediction[]) =>
      [...answers].sort((a, b) => a.index - b.index).map(({ probability }) => probability);
    expectClose(byIndex(await again.classify(asked)), byIndex(await own.classify(asked)), 0.05, 'fp32');
    for (const one of [model, again]) one.dispose();
  });

  it.each([
    ['k nearest neighbors', 'vit', { method: 'knn' }, 'unsupported-option', 'no linear layer'],
    ['a mean that the head does not see', 'vit', { pool: 'mean' }, 'unsupported-option', 'pool: "mean"'],
    ['a pooling of timm by name', 'timm/average', { pool: 'mean' }, 'unsupported-option', 'its own pooling'],
    ['a family without a class for it', 'siglip', {}, 'unsupported-model', 'toJSON()'],
  ] as const)('%s is refused', async (_, name, options, code, message) => {
    const model = await load(folder(name));
    const own = await taught(model, options);
    expect(await failureOf(own.export())).toMatchObject({ code, message: expect.stringContaining(message) });
    model.dispose();
  });

  it('of a CLIP without its preprocessor is refused, for no other library would crop as CLIP does', async () => {
    const files = await Promise.all(
      ['config.json', 'model.safetensors'].map(
        async (name) => new File([await readFile(`${folder('clip')}${name}`)], name),
      ),
    );
    const own = await taught(await load(files));
    expect(await failureOf(own.export())).toMatchObject({
      code: 'unsupported-model',
      message: expect.stringContaining('add the file to the model'),
    });
    expect(own.toJSON()).toMatchObject({ examples: expect.anything() });
  });

  it('other preprocessing than the files have is refused', async () => {
    const model = await load(folder('vit'), { preprocess: { mean: [0, 0, 0] } });
    const own = await taught(model);
    expect(await failureOf(own.export())).toMatchObject({ code: 'unsupported-option' });
    model.dispose();
  });
});
