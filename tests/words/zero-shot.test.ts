// Classes in words through the public door, against the probabilities and features of transformers.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { load, type Model, type Prediction } from 'vit-wasm';

import { expectClose } from '../expect-close.js';
import { familyFolder, familyModels } from '../golden/families.js';
import { readTensors, tensorOf } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels, type ZeroShotModel } from '../golden/zero-shot.js';
import { serveHttp, whole, type Answers } from '../web/http.js';
import { failureOf } from '../web/tiny-checkpoint.js';

const tolerance = 2e-5;
const [clip] = zeroShotModels;

async function probabilitiesOf(model: Model, golden: ZeroShotModel): Promise<number[]> {
  const predictions = await model.classify(makeImage(golden.picture), { topK: golden.labels.length });
  expect(predictions.map(({ label, index }) => label === golden.labels[index])).not.toContain(false);
  return golden.labels.map(
    (_, label) => predictions.find(({ index }) => index === label)?.probability ?? NaN,
  );
}

describe.each(zeroShotModels.map((model) => ({ model, name: model.name })))('$name', ({ model, name }) => {
  it('classifies by labels as transformers does', async () => {
    const expected = await readTensors(`zero-shot/${name}/expected.safetensors`);
    const loaded = await load(zeroShotFolder(model), { labels: model.labels });
    expect(loaded.info).toMatchObject({ words: true, classes: 7, labels: model.labels });
    const probabilities = tensorOf(expected, 'probabilities');
    expectClose(await probabilitiesOf(loaded, model), probabilities, tolerance, `probabilities of ${name}`);

    // One by one they are independent of each other where the model's are.
    const [alone] = await loaded.classify(makeImage(model.picture), { allow: [model.labels[0]] });
    expectClose([alone.probability], probabilities.subarray(0, 1), tolerance, 'the first alone');
    loaded.dispose();
  });

  it('answers after every block as its own end would (logitLens)', async () => {
    const expected = await readTensors(`zero-shot/${name}/expected.safetensors`);
    const loaded = await load(zeroShotFolder(model), { labels: model.labels });
    const picture = makeImage(model.picture);
    const answers = await loaded.logitLens(picture, { topK: 7 });
    // As the file has it, which may be in half precision.
    const scale = Math.exp(name === 'clip-legacy-eos' ? 2.30078125 : 2.3);
    const golden = answersOf(tensorOf(expected, 'lens.image_features'), expected, scale);
    expect(golden).toHaveLength(loaded.info.layers);
    for (const [layer, probabilities] of golden.entries()) {
      const found = inOrder(answers[layer].predictions);
      expectClose(found, probabilities, tolerance, `block ${layer} of ${name}`);
    }
    if (name === 'siglip') {
      expect(await failureOf(loaded.logitLens(picture, { patches: true }))).toMatchObject({
        message: expect.stringContaining('leave out `patches`'),
      });
    } else {
      const [first, last] = await loaded.logitLens(picture, { topK: 1, patches: true });
      const patches = [...(first.patches ?? []), ...(last.patches ?? [])];
      for (const [at, row] of answersOf(tensorOf(expected, 'lens.patches'), expected, scale).entries()) {
        expectClose([patches[at].probability], [Math.max(...row)], tolerance, `patch ${at} of ${name}`);
        expectClose([row[patches[at].index]], [Math.max(...row)], tolerance, `class of patch ${at}`);
      }
    }
    loaded.dispose();
  });

  it.each([false, true])(
    'embeds texts as transformers does (text encoder kept: %s)',
    async (keepTextEncoder) => {
      const expected = await readTensors(`zero-shot/${name}/expected.safetensors`);
      const features = tensorOf(expected, 'text_features');
      const loaded = await load(zeroShotFolder(model), { keepTextEncoder });
      const width = loaded.info.embedding;
      const vectors = await loaded.embedText(model.labels);
      expectClose(
        vectors.flatMap((vector) => [...vector]),
        features,
        tolerance,
        `texts of ${name}`,
      );
      // Tokens that were not needed before.
      const last = await loaded.embedText('猫と犬', { normalize: true });
      const golden = features.subarray(3 * width, 4 * width);
      const length = Math.hypot(...golden);
      expectClose(
        last,
        golden.map((value) => value / length),
        tolerance,
        'a text of length 1',
      );
      loaded.dispose();
    },
  );

  it('stays close in int8', async () => {
    const expected = await readTensors(`zero-shot/${name}/expected.safetensors`);
    const features = tensorOf(expected, 'text_features');
    const loaded = await load(zeroShotFolder(model), { dtype: 'int8' });
    const width = loaded.info.embedding;
    for (const [at, vector] of (await loaded.embedText(model.labels)).entries()) {
      expect(cosine(vector, features.subarray(at * width, (at + 1) * width))).toBeGreaterThan(0.98);
    }
    const picture = await loaded.embed(makeImage(model.picture));
    expect(cosine(picture, tensorOf(expected, 'image_features'))).toBeGreaterThan(0.98);
    loaded.dispose();
  });
});

/** By class. */
function inOrder(predictions: readonly Prediction[]): number[] {
  return [...predictions].sort((a, b) => a.index - b.index).map(({ probability }) => probability);
}

/** Probabilities of features [rows × width], by the texts' own and the scales that the generator has chosen. */
function answersOf(features: Float32Array, expected: Map<string, Float32Array>, scale: number): number[][] {
  const texts = tensorOf(expected, 'text_features');
  const width = texts.length / 7;
  return Array.from({ length: features.length / width }, (_, row) => {
    const cosines = Array.from({ length: 7 }, (_, at) =>
      cosine(texts.subarray(at * width, (at + 1) * width), features.subarray(row * width, (row + 1) * width)),
    );
    const isSigmoid = width === 16;
    if (isSigmoid) return cosines.map((value) => 1 / (1 + Math.exp(1.7 - scale * value)));
    const powers = cosines.map((value) => Math.exp(scale * value));
    return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
  });
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x, (value, i) => value * y[i]).reduce((sum, value) => sum + value, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe('setLabels', () => {
  it('changes the classes, and says what is missing before there are any', async () => {
    const model = await load(zeroShotFolder(clip));
    expect(model.info).toMatchObject({ words: true, classes: 0, labels: [] });
    const picture = makeImage(clip.picture);
    expect(await failureOf(model.classify(picture))).toMatchObject({
      code: 'no-head',
      message: expect.stringContaining("setLabels(['a cat', 'a dog'])"),
    });
    await model.setLabels(['a cat', 'a dog']);
    expect((await model.classify(picture)).map(({ label }) => label).sort()).toEqual(['a cat', 'a dog']);
    const logits = await model.logits(picture);
    expect(logits).toHaveLength(2);
    await model.setLabels(['a street'], { template: 'an image of {}' });
    expect(await model.classify(picture)).toEqual([{ label: 'a street', probability: 1, index: 0 }]);
    model.dispose();
  });

  it('averages the unit vectors of several templates', async () => {
    const template = ['a photo of {}', '{}'];
    const model = await load(zeroShotFolder(clip), { labels: ['a cat'], template });
    const texts = await model.embedText(['a photo of a cat', 'a cat'], { normalize: true });
    const sum = texts[0].map((value, i) => value + texts[1][i]);
    const picture = makeImage(clip.picture);
    const embedding = await model.embed(picture, { normalize: true });
    const [logit] = await model.logits(picture);
    expectClose([logit], [Math.exp(2.3) * cosine(sum, embedding)], 1e-4, 'the logit');
    model.dispose();
  });

  it.each([
    ['no labels', [], {}, 'labels is [], but it should be a list of the classes in words'],
    ['a number', ['a', 7], {}, 'labels is '],
    ['a template without a place', ['a'], { template: 'a photo' }, 'template is "a photo", but it should be'],
    ['no template', ['a'], { template: [] }, 'template is [], but it should be'],
  ])('refuses %s', async (_, labels, options, says) => {
    const model = await load(zeroShotFolder(clip));
    expect(await failureOf(model.setLabels(labels as string[], options))).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(says),
    });
    model.dispose();
  });

  it('is refused by a model that was not trained with texts', async () => {
    const vit = familyModels.find(({ name }) => name === 'vit') ?? familyModels[0];
    const model = await load(familyFolder(vit));
    expect(model.info.words).toBe(false);
    const refusal = {
      code: 'unsupported-model',
      message: expect.stringContaining('was not trained with texts, so it cannot take classes in words'),
    };
    expect(await failureOf(model.setLabels(['a']))).toMatchObject(refusal);
    expect(await failureOf(model.embedText('a'))).toMatchObject(refusal);
    model.dispose();
  });

  it('rejects with the reason of its signal, and once the model is disposed of', async () => {
    const model = await load(zeroShotFolder(clip));
    const stop = new AbortController();
    const labelling = failureOf(model.setLabels(['a cat'], { signal: stop.signal }));
    stop.abort(new Error('enough'));
    expect(await labelling).toEqual(new Error('enough'));
    const texts = failureOf(model.embedText('a cat'));
    model.dispose();
    expect(await texts).toMatchObject({ code: 'disposed' });
  });

  it('loads no text encoder once the model is disposed of', async () => {
    let ask: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    let sendTokenizer: () => void = () => undefined;
    const answers: Answers = {};
    for (const name of ['config.json', 'preprocessor_config.json', 'tokenizer_config.json']) {
      answers[`/${name}`] = whole(await readFile(new URL(name, zeroShotFolder(clip))));
    }
    const tokenizer = await readFile(new URL('tokenizer.json', zeroShotFolder(clip)));
    const weights = whole(await readFile(new URL('model.safetensors', zeroShotFolder(clip))));
    let loads = 0;
    answers['/model.safetensors'] = (response) => {
      loads++;
      weights(response);
    };
    answers['/tokenizer.json'] = (response) => {
      sendTokenizer = () => whole(tokenizer)(response);
      ask();
    };
    const server = await serveHttp(answers);
    const model = await load(server.url, { cache: false, keepTextEncoder: true });
    const texts = failureOf(model.embedText('a cat'));
    await asked;
    model.dispose();
    expect(await texts).toMatchObject({ code: 'disposed' });
    sendTokenizer();
    // Until the tokenizer has been read, and for whatever would begin then.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(loads).toBe(1);
    await server.close();
  });
});
