// A torchvision state_dict saved as safetensors, by itself: its tensors say every size.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, type ModelLocation } from 'vit-wasm';

import { page, serveHttp, whole, type TestServer } from '../web/http.js';
import { failureOf, makeTensor, picture, safetensors, tinyTensors } from '../web/tiny-checkpoint.js';

const name = 'vit_b_16.safetensors';
/** One block, pictures of 8 × 8 in patches of 4, three classes. */
const tensorsOf = (width: number) => {
  const layer = (title: string, outputs: number, inputs: number, separator = '.') =>
    Object.entries({ weight: [outputs, inputs], bias: [outputs] }).map(
      ([part, shape]) => [title + separator + part, shape] as const,
    );
  const norm = (title: string) => ['weight', 'bias'].map((part) => [`${title}.${part}`, [width]] as const);
  const block = 'encoder.layers.encoder_layer_0';
  const shapes = [
    ['class_token', [1, 1, width]] as const,
    ['conv_proj.weight', [width, 3, 4, 4]] as const,
    ['conv_proj.bias', [width]] as const,
    ['encoder.pos_embedding', [1, 5, width]] as const,
    ...norm(`${block}.ln_1`),
    ...layer(`${block}.self_attention.in_proj`, 3 * width, width, '_'),
    ...layer(`${block}.self_attention.out_proj`, width, width),
    ...norm(`${block}.ln_2`),
    ...layer(`${block}.mlp.0`, 24, width),
    ...layer(`${block}.mlp.3`, width, 24),
    ...norm('encoder.ln'),
    ...layer('heads.head', 3, width),
  ];
  return shapes.map(([title, shape], i) => makeTensor(title, [...shape], i));
};
const weights = Uint8Array.from(safetensors(tensorsOf(128)));

let folder: string;
let server: TestServer;
let expected: Float32Array;

async function logitsOf(model: ModelLocation): Promise<Float32Array> {
  const loaded = await load(model, { cache: false });
  expect(loaded.info).toMatchObject({ modelType: 'torchvision', heads: 2, layers: 1, classes: 3 });
  expect(loaded.info.imageSize).toEqual({ height: 8, width: 8 });
  const logits = await loaded.logits(picture);
  loaded.dispose();
  return logits;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vit-wasm-'));
  for (const file of [name, 'model.safetensors']) await writeFile(join(folder, file), weights);
  server = await serveHttp({
    '/folder/model.safetensors': whole(weights),
    '/named/vit_b_16.safetensors': whole(weights),
    // An application that has a page for whatever is missing.
    '/application/config.json': page,
    '/application/preprocessor_config.json': page,
    '/application/model.safetensors': whole(weights),
    '/bare/model.safetensors': whole(safetensors(tinyTensors())),
    '/withheld/config.json': (response) => response.writeHead(403).end(),
    '/withheld/model.safetensors': whole(safetensors(tinyTensors())),
  });
  expected = await logitsOf({ weights, config: {} });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe('without a config.json, loaded', () => {
  it.each<[string, () => ModelLocation]>([
    ['from memory', () => ({ weights })],
    ['as bytes', () => weights],
    ['as a File', () => [new File([weights], name)]],
    ['from a path', () => join(folder, name)],
    ['from a folder', () => folder],
    ['from a folder by address', () => `${server.url}folder/`],
    ['from its address', () => `${server.url}named/vit_b_16.safetensors`],
    ['from an application', () => `${server.url}application/`],
  ])('%s', async (_, model) => {
    expect(await logitsOf(model())).toEqual(expected);
  });
});

describe('without a config.json, refused', () => {
  it.each<[string, () => ModelLocation, string, RegExp]>([
    [
      'a width that is not a whole number of heads',
      () => ({ weights: safetensors(tensorsOf(24)) }),
      'config',
      /^config\.json is missing or does not say how many attention heads share a width of 24; add num_heads/,
    ],
    ['another family', () => `${server.url}bare/`, 'not-found', /^There is no .*bare\/config\.json/],
    ['another family whose config is withheld', () => `${server.url}withheld/`, 'unreadable', /403/],
  ])('%s', async (_, model, code, message) => {
    expect(await failureOf(load(model(), { cache: false }))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
