// Checkpoints in several files and in archives give what the plain folder gives.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, type LoadOptions, type ModelLocation, type Progress } from 'vit-wasm';

import { chunked, serveHttp, whole, type TestServer } from '../web/http.js';
import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';
import { makeZip, type ArchiveFile } from './archives.js';

const tensors = tinyTensors();
const weights = safetensors(tensors);
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const config = json(tinyConfig);

const shards: Record<string, Uint8Array<ArrayBuffer>> = {
  'model-00001-of-00003.safetensors': Uint8Array.from(safetensors(tensors.slice(0, 5))),
  'model-00002-of-00003.safetensors': Uint8Array.from(safetensors(tensors.slice(5, 30))),
  'model-00003-of-00003.safetensors': Uint8Array.from(safetensors(tensors.slice(30))),
};
const shardOf = (index: number) => Object.keys(shards)[index < 5 ? 0 : index < 30 ? 1 : 2];
const index = json({
  metadata: { total_size: 1 },
  weight_map: Object.fromEntries(tensors.map(({ name }, i) => [name, shardOf(i)])),
});
const sharded = { 'config.json': config, 'model.safetensors.index.json': index, ...shards };

const plain = { 'config.json': config, 'model.safetensors': weights };

const zipped = (files: Record<string, Uint8Array>, more: Partial<ArchiveFile> = {}, folder = '') =>
  makeZip(Object.entries(files).map(([name, data]) => ({ name: folder + name, data, ...more })));

const archives: [string, Uint8Array<ArrayBuffer>][] = [
  ['stored', zipped(plain)],
  ['deflated', zipped(plain, { deflated: true })],
  ['with its folder', zipped(plain, { deflated: true }, 'my-model/')],
  ['with a folder in its folder', zipped(plain, {}, 'a/b/')],
  ['made on Windows', zipped(plain, {}, 'my-model\\')],
  [
    'with 64-bit sizes',
    makeZip(
      Object.entries(plain).map(([name, data]) => ({ name, data, zip64: true })),
      { zip64: true },
    ),
  ],
  [
    'with a comment',
    makeZip(
      Object.entries(plain).map(([name, data]) => ({ name, data })),
      { comment: 'PK\x05\x06 by hand' },
    ),
  ],
  ['of shards', zipped(sharded, { deflated: true }, 'my-model/')],
  [
    'with what archivers add',
    makeZip([
      { name: 'm/', data: new Uint8Array() },
      { name: '__MACOSX/m/._model.safetensors', data: new Uint8Array(3) },
      { name: 'm/.model.safetensors', data: new Uint8Array(3) },
      ...Object.entries(plain).map(([name, data]) => ({ name: `m/${name}`, data })),
      { name: 'm/checkpoint-500/model.safetensors', data: new Uint8Array(3) },
    ]),
  ],
];

let expected: Float32Array;
let folder: string;
let server: TestServer;

beforeAll(async () => {
  expected = await logitsOf({ weights, config: tinyConfig });
  folder = await mkdtemp(join(tmpdir(), 'vit-wasm-'));
  for (const [name, data] of Object.entries(sharded)) await writeFile(join(folder, name), data);
  await writeFile(join(folder, 'model.zip'), archives[1][1]);
  const answers = Object.entries(sharded).map(([name, data]) => [`/sharded/${name}`, whole(data)] as const);
  server = await serveHttp({
    ...Object.fromEntries(answers),
    '/model.zip': whole(archives[1][1]),
    '/again.zip': whole(archives[1][1]),
    '/chunked.zip': chunked(archives[2][1], 1000),
    '/withheld/config.json': whole(config),
    '/withheld/model.safetensors': whole(weights),
    '/withheld/preprocessor_config.json': (response) =>
      response.writeHead(403).end('<Error>AccessDenied</Error>'),
  });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function logitsOf(model: ModelLocation, options?: LoadOptions): Promise<Float32Array> {
  const loaded = await load(model, options);
  const logits = await loaded.logits(picture);
  loaded.dispose();
  return logits;
}

describe('a zip of a folder is loaded', () => {
  it.each(archives)('%s', async (_, archive) => {
    expect(await logitsOf(archive)).toEqual(expected);
    expect(await logitsOf(new File([archive], 'model.zip'))).toEqual(expected);
  });

  it.each<[string, () => ModelLocation]>([
    ['as a Blob', () => new Blob([archives[0][1]])],
    ['among files', () => [new File([archives[0][1]], 'model.zip')]],
    ['from a path', () => join(folder, 'model.zip')],
    ['from an address', () => `${server.url}model.zip`],
    ['from an address, in chunks of untold number', () => `${server.url}chunked.zip`],
  ])('%s', async (_, model) => {
    expect(await logitsOf(model())).toEqual(expected);
  });

  it('with one request, and with none from the cache', async () => {
    const requestsOf = async (options: LoadOptions) => {
      const before = server.requests.length;
      expect(await logitsOf(`${server.url}again.zip`, options)).toEqual(expected);
      return server.requests.slice(before).map(({ path }) => path);
    };
    expect(await requestsOf({ cache: false })).toEqual(['/again.zip']);
    expect(await requestsOf({})).toEqual(['/again.zip']);
    expect(await requestsOf({})).toEqual([]);
  });

  it.each(['model.zip', 'model.safetensors.index.json'])(
    'whose checksum is wrong is refused: %s',
    async (file) => {
      const integrity = `sha256-${'0'.repeat(64)}`;
      expect(await failureOf(load(join(folder, file), { integrity }))).toMatchObject({ code: 'integrity' });
    },
  );
});

describe('weights in several files are loaded', () => {
  it.each<[string, () => ModelLocation]>([
    ['from a folder', () => folder],
    ['from the path of their index', () => join(folder, 'model.safetensors.index.json')],
    ['from an address', () => `${server.url}sharded/`],
    ['as files', () => Object.entries(sharded).map(([name, data]) => new File([data], name))],
  ])('%s', async (_, model) => {
    const reports: Progress[] = [];
    expect(await logitsOf(model(), { onProgress: (report) => reports.push(report) })).toEqual(expected);
    for (const [file, { length }] of Object.entries(shards)) {
      const whole = { file, loaded: length, total: length, phase: 'weights' };
      expect(reports).toContainEqual({ ...whole, overall: expect.any(Object) });
    }
    const total = tinyTensors().reduce((sum, { data }) => sum + data.length, 0);
    expect(reports.at(-1)?.overall).toEqual({ loaded: total, total });
    const shares = reports.map(({ overall }) => overall.loaded / overall.total);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });
});

it('a preprocessor_config.json that is withheld is taken not to be there', async () => {
  expect(await logitsOf(`${server.url}withheld/`)).toEqual(expected);
});

describe('maxBytes', () => {
  it.each<[string, () => ModelLocation, number, string]>([
    ['a file by what it declares', () => ({ weights, config: tinyConfig }), weights.length - 1, 'has'],
    ['an archive as it comes', () => `${server.url}chunked.zip`, 5000, 'has more than 5,000 bytes'],
    [
      'what an archive would unpack',
      () => zipped(plain, { deflated: true, size: 1e9 }),
      1e8,
      'has 1,000,000,000 bytes',
    ],
  ])('bounds %s', async (_, model, maxBytes, says) => {
    expect(await failureOf(load(model(), { maxBytes }))).toMatchObject({
      code: 'too-large',
      message: expect.stringContaining(says),
    });
  });

  it('lets everything below pass', async () => {
    expect(await logitsOf({ weights, config: tinyConfig }, { maxBytes: weights.length })).toEqual(expected);
  });
});
