// Google Research's archives: read as timm reads them, whatever their spelling, layout and packing.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load, type ModelLocation } from 'vit-wasm';

import { fill } from '../../web/checkpoint/fill.js';
import { openCheckpoint } from '../../web/checkpoint/open.js';
import { openFile } from '../../web/checkpoint/files/source.js';
import { createEngine, variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { fixtures, readJson, readTensors, tensorOf } from '../golden/fixtures.js';
import { noiseTensor } from '../golden/noise.js';

interface NpzModel {
  name: string;
  seed: number;
  edge: number;
  /** Another size of pictures. */
  resized: { height: number; width: number };
  patch: number;
  hidden: number;
  heads: number;
  layers: number;
  classes: number;
}

const models = await readJson<NpzModel[]>('npz/models.json');
const expected = await readTensors('npz/logits.safetensors');
const urlOf = ({ name }: NpzModel) => new URL(`npz/${name}.npz`, fixtures);

describe.each(variants)('%s', (variant) => {
  async function logitsOf(model: NpzModel, imageSize?: NpzModel['resized']): Promise<Float32Array> {
    const engine = await createEngine(variant);
    const bytes = new Uint8Array(await readFile(urlOf(model)));
    const files = { title: model.name, weights: 'w', listed: { w: { kind: 'bytes', bytes } } } as const;
    const rare = () => import('../../web/runtime/rare.js');
    const context = { open: openFile, signal: new AbortController().signal, rare };
    await fill(engine, await openCheckpoint(files, { imageSize }, context), context);
    const { height, width } = imageSize ?? { height: model.edge, width: model.edge };
    engine.setPixelValues(noiseTensor(model.seed, 3 * height * width));
    engine.forward();
    const logits = engine.logits().slice();
    engine.dispose();
    return logits;
  }

  it.each(models)('$name gives the logits of timm', async (model) => {
    expectClose(await logitsOf(model), tensorOf(expected, model.name), 1e-4, `${model.name} (${variant})`);
  });

  it.each(models)('$name gives the logits of timm for pictures of another size', async (model) => {
    const wanted = tensorOf(expected, `${model.name} resized`);
    expectClose(await logitsOf(model, model.resized), wanted, 1e-4, `${model.name} (${variant})`);
  });
});

it.each(models)('$name needs nothing but itself', async (model) => {
  const { name, edge, patch, classes, heads, hidden, layers } = model;
  const loaded = await load(fileURLToPath(urlOf(model)));
  expect(loaded.info).toMatchObject({
    modelType: 'vit',
    ...{ classes, heads, hidden, layers },
    imageSize: { height: edge, width: edge },
    patchSize: { height: patch, width: patch },
    labels: Array.from({ length: classes }, (_, index) => `class ${index}`),
  });
  // mean = std = 0.5, squashed: a gray of 51 is −0.6.
  const gray = { data: new Uint8Array(4 * 7 * 5).fill(51), width: 7, height: 5 };
  const pixels = await loaded.preprocess(gray);
  expectClose(pixels, new Float32Array(pixels.length).fill(-0.6), 1e-6, name);
  loaded.dispose();
});

describe('an archive is loaded', () => {
  const model = models[0];
  const bytes = async () => new Uint8Array(await readFile(urlOf(model)));
  const labels = ['a', 'b', 'c', 'd', 'e'];
  it.each<[string, () => Promise<ModelLocation>]>([
    ['as bytes', bytes],
    ['as an ArrayBuffer', async () => (await bytes()).buffer],
    ['as a Blob', async () => new Blob([await bytes()])],
    ['as weights with labels', async () => ({ weights: await bytes(), labels })],
    ['as a File among files', async () => [new File([await bytes()], 'imagenet21k.npz')]],
    ['as a file: address', () => Promise.resolve(urlOf(model))],
  ])('%s', async (_, location) => {
    const loaded = await load(await location(), { labels });
    expect(loaded.info).toMatchObject({ hidden: model.hidden, labels });
    loaded.dispose();
  });
});
