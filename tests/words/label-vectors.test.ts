// Label vectors made beforehand: by setLabels and by the command line, and loaded without the text encoder.
import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import type { LabelVectors } from '../../web/types.js';
import { run } from '../cli/program.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { serveHttp, whole } from '../web/http.js';
import { failureOf } from '../web/tiny-checkpoint.js';

const [clip] = zeroShotModels;
const siglip = zeroShotModels.find(({ name }) => name === 'siglip') ?? clip;
const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-labels-'));
afterAll(() => rm(folder, { recursive: true }));
const picture = makeImage(clip.picture);
const labels = ['a cat', 'a street'];

describe.each([clip, siglip])('$name', (golden) => {
  it('classifies by vectors as by the labels, without the files that words need', async () => {
    const model = await load(zeroShotFolder(golden));
    const vectors = await model.setLabels(labels, { template: ['{}', 'a photo of {}'] });
    expect(vectors).toMatchObject({ labels, template: ['{}', 'a photo of {}'] });
    const expected = await model.classify(picture);
    model.dispose();

    const file = (name: string) => readFile(new URL(name, zeroShotFolder(golden)));
    const names = ['config.json', 'preprocessor_config.json', 'model.safetensors'];
    const answers = await Promise.all(
      names.map(async (name) => [`/${name}`, whole(await file(name))] as const),
    );
    const server = await serveHttp(Object.fromEntries(answers));
    const json = JSON.parse(JSON.stringify(vectors)) as LabelVectors;
    const other = await load(server.url, { labels: json, cache: false });
    expect(await other.classify(picture)).toEqual(expected);
    expect(other.info.labels).toEqual(labels);
    expect(
      server.requests.map(({ path }) => path).filter((path) => path.endsWith('.safetensors')),
    ).toHaveLength(1);
    other.dispose();
    await server.close();
  });
});

describe('vit-wasm labels', () => {
  it('writes the vectors of labels, which load takes', async () => {
    const output = join(folder, 'labels.json');
    const path = fileURLToPath(zeroShotFolder(clip));
    const { status, out } = await run('labels', path, 'a cat, a street', '-o', output, '-t', 'a photo of {}');
    expect({ status, out }).toEqual({ status: 0, out: `Wrote the vectors of 2 labels to ${output}.\n` });
    const json = JSON.parse(await readFile(output, 'utf8')) as LabelVectors;
    const [byFile, byWords] = await Promise.all([
      load(zeroShotFolder(clip), { labels: json }),
      load(zeroShotFolder(clip), { labels, template: 'a photo of {}' }),
    ]);
    expect(await byFile.classify(picture)).toEqual(await byWords.classify(picture));
    for (const model of [byFile, byWords]) model.dispose();
  });

  it.each([
    [['labels', 'x'], 'labels needs the classes in words'],
    [['labels', 'x', 'a,b'], 'labels needs an output file'],
    [['labels', 'x', 'a', '-o', 'y', '--json'], 'labels has no option --json'],
  ])('called with %j ends with 2 and says why', async (args, says) => {
    const { status, errors } = await run(...args);
    expect(status).toBe(2);
    expect(errors).toContain(says);
  });
});

it('refuses the vectors of a model of the same shape and other weights, in a sentence', async () => {
  const [, other] = zeroShotModels;
  const [mine, its] = await Promise.all([clip, other].map((golden) => load(zeroShotFolder(golden))));
  expect(its.info.embedding).toBe(mine.info.embedding);
  expect(its.info.weightsHash).not.toBe(mine.info.weightsHash);
  const vectors = await its.setLabels(labels);
  expect(vectors.weights).toBe(its.info.weightsHash);
  const says =
    /^The label vectors were made with the weights of ".*clip-legacy-eos\/", which differ from those of ".*"; make/;
  const refused = { code: 'invalid-argument', message: expect.stringMatching(says) };
  expect(await failureOf(mine.setLabels(vectors))).toMatchObject(refused);
  expect(await failureOf(load(zeroShotFolder(clip), { labels: vectors }))).toMatchObject(refused);
  for (const one of [mine, its]) one.dispose();
});

it('tells weights apart by any tensor, and not by their precision in memory', async () => {
  const bytes = await readFile(new URL('model.safetensors', zeroShotFolder(clip)));
  const json = async (name: string) =>
    JSON.parse(await readFile(new URL(name, zeroShotFolder(clip)), 'utf8')) as object;
  const [config, preprocessor] = await Promise.all(['config.json', 'preprocessor_config.json'].map(json));
  const hashOf = async (weights: Uint8Array, dtype?: 'int8') => {
    const model = await load({ weights, config, preprocessor }, { dtype });
    model.dispose();
    return model.info.weightsHash;
  };
  const hash = await hashOf(bytes);
  expect(hash).toMatch(/^[\da-f]{64}$/);
  expect(await hashOf(bytes, 'int8')).toBe(hash);
  const data = 8 + Number(bytes.readBigUInt64LE());
  const tensors = parseHeader(bytes.subarray(8, data), 'model');
  const changed = async (part: RegExp) => {
    const copy = Uint8Array.from(bytes);
    copy[data + (tensors.find(({ name }) => part.test(name))?.begin ?? NaN)] ^= 1;
    return await hashOf(copy);
  };
  expect(await changed(/vision_model.*layers\.1\.mlp\.fc2\.weight/)).not.toBe(hash);
  expect(await changed(/visual_projection/)).not.toBe(hash);
  // The image encoder is what vectors are compared with.
  expect(await changed(/text_model.*fc2\.weight/)).toBe(hash);
});

describe('damaged vectors', () => {
  it.each([
    ['another format', { format: 'x' }, 'have the format "x"'],
    ['no labels', { labels: [] }, 'have no labels'],
    ['no scale', { scale: null }, 'have no scale and bias'],
    ['no probabilities', { probabilities: 'x' }, 'do not say how logits become probabilities'],
    ['no base64', { vectors: '<html>' }, 'have no vectors in base64'],
    ['no weights', { weights: undefined }, 'do not say which weights they were made with'],
    ['other weights', { weights: 'f00' }, 'make them again with this model'],
    ['base64 that was cut', { vectors: 'AAAAA' }, 'are not 2 rows of 8 numbers'],
    ['other widths', { vectors: 'AAAA' }, 'are not 2 rows of 8 numbers'],
    [
      'NaN',
      { labels: ['a'], vectors: btoa('\xff\xff\xff\xff'.repeat(8)) },
      'have values that are not numbers',
    ],
  ])('are refused: %s', async (_, change, says) => {
    const model = await load(zeroShotFolder(clip));
    const vectors = await model.setLabels(labels);
    expect(await failureOf(model.setLabels({ ...vectors, ...change } as LabelVectors))).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(says),
    });
    // What was there before still is.
    expect(await model.classify(picture)).toHaveLength(2);
    model.dispose();
  });
});
