// `integrity`: digests of what a model's files must contain, whether they are downloaded, cached or given in memory.
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listCache, load, type LoadOptions } from 'vit-wasm';

import { json, serveHttp, troubled, whole, type TestServer } from '../web/http.js';
import {
  failureOf,
  makeTensor,
  picture,
  safetensors,
  tinyConfig,
  tinyTensors,
} from '../web/tiny-checkpoint.js';

const encoded = (value: object) => new TextEncoder().encode(JSON.stringify(value));
const sha256 = (bytes: Uint8Array) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

const weights = safetensors(tinyTensors());
const others = safetensors(tinyTensors().map(({ name, shape }) => makeTensor(name, shape, 9)));
const shards = [safetensors(tinyTensors().slice(0, 9)), safetensors(tinyTensors().slice(9))];
const shardNames = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const index = {
  weight_map: Object.fromEntries(tinyTensors().map(({ name }, i) => [name, shardNames[i < 9 ? 0 : 1]])),
};
const preprocessor = { size: 8, image_mean: [0.1, 0.2, 0.3] };

let expected: Float32Array;
let server: TestServer;
let folder: string;

beforeAll(async () => {
  const model = await load({ weights, config: tinyConfig });
  expected = await model.logits(picture);
});

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'vit-wasm-')), 'cache');
  server = await serveHttp({
    '/model/config.json': json(tinyConfig),
    '/model/model.safetensors': whole(weights),
    '/complete/config.json': json(tinyConfig),
    '/complete/preprocessor_config.json': json(preprocessor),
    '/complete/model.safetensors': whole(weights),
    '/broken/config.json': json(tinyConfig),
    '/broken/model.safetensors': troubled(weights, { breaks: [10, 2000, 2100] }),
    '/sharded/config.json': json(tinyConfig),
    '/sharded/model.safetensors.index.json': json(index),
    [`/sharded/${shardNames[0]}`]: whole(shards[0]),
    [`/sharded/${shardNames[1]}`]: whole(shards[1]),
  });
});
afterEach(async () => {
  await server.close();
  await rm(join(folder, '..'), { recursive: true });
});

async function logitsOf(name: string, options: LoadOptions = {}): Promise<Float32Array> {
  const model = await load(`${server.url}${name}/`, { cache: folder, ...options });
  const logits = await model.logits(picture);
  model.dispose();
  return logits;
}

const urls = async () => (await listCache(folder)).map(({ url }) => url.slice(server.url.length)).sort();

describe('integrity', () => {
  const hex = createHash('sha256').update(weights).digest('hex');

  it.each([sha256(weights), `sha256-${hex}`])('%s is that of the weights', async (integrity) => {
    expect(await logitsOf('model', { integrity })).toEqual(expected);
    expect(await logitsOf('broken', { integrity })).toEqual(expected);
    const model = await load({ weights, config: tinyConfig }, { integrity });
    expect(await model.logits(picture)).toEqual(expected);
  });

  it('of other weights is refused, and nothing kept', async () => {
    const integrity = sha256(others);
    const error = await failureOf(logitsOf('model', { integrity }));
    expect(error).toMatchObject({ code: 'integrity', message: expect.stringContaining(hex) });
    expect((error as Error).message).toContain(`${server.url}model/model.safetensors`);
    expect(await readdir(folder)).toEqual([]);
    expect(await failureOf(load({ weights, config: tinyConfig }, { integrity }))).toMatchObject({
      code: 'integrity',
    });
  });

  it('refuses what was kept too, and downloads it then', async () => {
    await logitsOf('model');
    const { length } = server.requests;
    expect(await failureOf(logitsOf('model', { integrity: sha256(others) }))).toMatchObject({
      code: 'integrity',
    });
    expect(server.requests.length).toBeGreaterThan(length);
    expect(await urls()).toEqual([]);
  });

  const configBytes = encoded(tinyConfig);
  const preprocessorBytes = encoded(preprocessor);
  const table = {
    'config.json': sha256(configBytes),
    'preprocessor_config.json': sha256(preprocessorBytes),
    'model.safetensors': sha256(weights),
  };

  it('of every file is that of all', async () => {
    const wanted = await logitsOf('complete');
    for (const cache of [folder, false]) {
      expect(await logitsOf('complete', { cache, integrity: table })).toEqual(wanted);
    }
    const without = { 'config.json': sha256(configBytes), 'model.safetensors': sha256(weights) };
    expect(await logitsOf('model', { integrity: without })).toEqual(expected);
    const inMemory = { weights, config: tinyConfig };
    const model = await load(inMemory, { integrity: { 'model.safetensors': sha256(weights) } });
    expect(await model.logits(picture)).toEqual(expected);
  });

  it.each([
    [
      'complete',
      { ...table, 'config.json': sha256(preprocessorBytes) },
      'complete/config.json has the SHA-256',
    ],
    [
      'complete',
      { ...table, 'preprocessor_config.json': sha256(configBytes) },
      'preprocessor_config.json has',
    ],
    ['complete', { ...table, 'model.safetensors': sha256(others) }, 'model.safetensors has the SHA-256'],
    ['complete', { 'model.safetensors': sha256(weights) }, 'is not in `integrity`: add the checksum of "'],
    ['model', table, 'preprocessor_config.json does not exist, but'],
  ])('of a file of %s that is another, unlisted or missing is refused: %j', async (name, integrity, says) => {
    expect(await failureOf(logitsOf(name, { integrity }))).toMatchObject({
      code: 'integrity',
      message: expect.stringContaining(says),
    });
    expect(await urls()).toEqual([]);
  });

  it('of every file covers weights in several', async () => {
    const integrity = {
      'config.json': sha256(configBytes),
      'model.safetensors.index.json': sha256(encoded(index)),
      [shardNames[0]]: sha256(shards[0]),
      [shardNames[1]]: sha256(shards[1]),
    };
    expect(await logitsOf('sharded', { integrity })).toEqual(expected);
    expect(
      await failureOf(
        logitsOf('sharded', { integrity: { ...integrity, [shardNames[1]]: sha256(shards[0]) } }),
      ),
    ).toMatchObject({ code: 'integrity', message: expect.stringContaining(shardNames[1]) });
  });

  it.each(['', 'sha256-', 'sha256-abc', hex, `sha512-${hex}`, 7, [sha256(weights)], { 'config.json': 'x' }])(
    '%j is no digest',
    async (integrity) => {
      expect(await failureOf(logitsOf('model', { integrity: integrity as string }))).toMatchObject({
        code: 'invalid-argument',
      });
    },
  );
});
