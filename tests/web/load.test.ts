// What `load` does with what it is given, through the built package: a failed load says what was wrong and leaves a
// loaded model as it was.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { load, VitError, type LoadOptions, type Model, type ModelLocation, type Progress } from 'vit-wasm';

import { makeZip } from '../formats/archives.js';
import { breakOff, chunked, json, page, serveHttp, whole, type TestServer } from './http.js';
import {
  failureOf,
  makeTensor,
  picture,
  safetensors,
  tinyConfig,
  tinyTensors,
  type Tensor,
} from './tiny-checkpoint.js';

const weights = safetensors(tinyTensors());
const inMemory = { weights, config: tinyConfig };

let loaded: Model;
let expected: Float32Array;
let folder: string;
let server: TestServer;
/** Settles when the answer that never ends has lost its listener. */
let letGo: Promise<unknown>;

beforeAll(async () => {
  loaded = await load(inMemory);
  expected = await loaded.logits(picture);
  folder = await mkdtemp(join(tmpdir(), 'vit-wasm-'));
  await writeFile(join(folder, 'config.json'), JSON.stringify(tinyConfig));
  await writeFile(join(folder, 'model.safetensors'), weights);
  const gzipped = gzipSync(weights);
  server = await serveHttp({
    '/whole/config.json': json(tinyConfig),
    '/whole/model.safetensors': whole(weights),
    '/chunked/config.json': json(tinyConfig),
    '/chunked/model.safetensors': chunked(weights, 7),
    '/gzip/config.json': json(tinyConfig),
    '/gzip/model.safetensors': (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': gzipped.length }).end(gzipped);
    },
    '/application/config.json': json(tinyConfig),
    '/application/preprocessor_config.json': page,
    '/application/model.safetensors': whole(weights),
    '/page/config.json': json(tinyConfig),
    '/page/model.safetensors': page,
    '/disguised/config.json': json(tinyConfig),
    '/disguised/model.safetensors': whole(new TextEncoder().encode('<!DOCTYPE html><div id="app"></div>')),
    '/page-config/config.json': page,
    '/page-config/model.safetensors': whole(weights),
    '/truncated/config.json': json(tinyConfig),
    '/truncated/model.safetensors': chunked(weights.slice(0, -100), 1000),
    '/broken/config.json': json(tinyConfig),
    '/broken/model.safetensors': (response) => {
      response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 2000));
      breakOff(response);
    },
    '/stalled/config.json': json(tinyConfig),
    '/stalled/model.safetensors': (response) => {
      letGo = new Promise((resolve) => response.once('close', resolve));
      response.writeHead(200).write(weights.subarray(0, weights.length - 1));
    },
    '/unfit/config.json': json({ ...tinyConfig, num_hidden_layers: 3 }),
    '/unfit/model.safetensors': (response) => {
      letGo = new Promise((resolve) => response.once('close', resolve));
      response.writeHead(200).write(weights.subarray(0, weights.length - 1));
    },
    '/refused/config.json': (response) => response.writeHead(403).end(),
    '/refused/model.safetensors': (response) => response.writeHead(500).end(),
    '/gated/model/resolve/main/config.json': (response) => response.writeHead(401).end(),
    '/gated/model/resolve/main/model.safetensors': (response) => response.writeHead(401).end(),
    '/owner/name/resolve/v1/config.json': json(tinyConfig),
    '/owner/name/resolve/v1/model.safetensors': whole(weights),
  });
});

afterAll(async () => {
  loaded.dispose();
  await server.close();
  await rm(folder, { recursive: true });
});

/** Loads a model, looks at it and lets it go. */
async function logitsOf(model: ModelLocation, options?: LoadOptions): Promise<Float32Array> {
  const other = await load(model, options);
  const logits = await other.logits(picture);
  other.dispose();
  return logits;
}

describe('a checkpoint is loaded', () => {
  it.each<[string, () => ModelLocation]>([
    ['from memory', () => inMemory],
    ['from an ArrayBuffer', () => ({ ...inMemory, weights: weights.slice().buffer })],
    ['from a Blob', () => ({ ...inMemory, weights: new Blob([weights.slice()]) })],
    [
      'from bytes that lie anywhere in a buffer',
      () => {
        const buffer = new Uint8Array(weights.length + 3);
        buffer.set(weights, 1);
        return { ...inMemory, weights: buffer.subarray(1, weights.length + 1) };
      },
    ],
    [
      'from files',
      () => [
        new File([JSON.stringify(tinyConfig)], 'config.json'),
        new File([weights.slice()], 'weights.safetensors'),
      ],
    ],
    ['from a path', () => folder],
    ['from a path with a slash at its end', () => `${folder}/`],
    ['from the path of the weights', () => join(folder, 'model.safetensors')],
    ['from a file: address', () => pathToFileURL(folder).href],
    ['from a URL', () => pathToFileURL(`${folder}/`)],
    ['from an http: folder', () => `${server.url}whole/`],
    ['in chunks of 7 bytes, of untold number', () => `${server.url}chunked`],
    ['compressed on the way', () => `${server.url}gzip/`],
    ['where a server has a page for the missing preprocessor', () => `${server.url}application/`],
  ])('%s', async (_, model) => {
    expect(await logitsOf(model())).toEqual(expected);
  });

  it('whatever the order and names of its tensors', async () => {
    const shuffled = tinyTensors().reverse();
    for (const tensor of shuffled) tensor.name = `module.${tensor.name.replace(/^vit\./, '')}`;
    const more = [makeTensor('module.pooler.dense.weight', [8, 8]), ...shuffled];
    expect(await logitsOf({ weights: safetensors(more), config: tinyConfig })).toEqual(expected);
  });

  it('from the Hub, with revision, host and token', async () => {
    const before = server.requests.length;
    expect(await logitsOf('owner/name', { host: server.url, revision: 'v1', token: 'secret' })).toEqual(
      expected,
    );
    const asked = server.requests.slice(before);
    expect(asked.map(({ path }) => path).sort()).toEqual([
      '/owner/name/resolve/v1/config.json',
      '/owner/name/resolve/v1/model.safetensors',
      '/owner/name/resolve/v1/preprocessor_config.json',
    ]);
    expect(asked.every(({ authorization }) => authorization === 'Bearer secret')).toBe(true);
  });

  it('and says what it is', async () => {
    const model = await load(inMemory, {
      labels: ['x', 'y', 'z'],
      variant: 'simd',
      threads: 'auto',
      kernels: '5x16',
      dtype: 'fp32',
    });
    expect(model.info).toEqual({
      source: 'what was given',
      license: undefined,
      weightBytes: tinyTensors().reduce((sum, { data }) => sum + data.length, 0),
      modelType: 'vit',
      imageSize: { height: 8, width: 8 },
      patchSize: { height: 4, width: 4 },
      layers: 2,
      heads: 2,
      hidden: 8,
      embedding: 8,
      words: false,
      classes: 3,
      labels: ['x', 'y', 'z'],
      dtype: 'fp32',
      variant: 'simd',
      threads: 1,
      threadsReason: 'outside a browser a model runs in the calling thread',
      kernels: '5x16',
      kernelsReason: 'they were requested',
      kernelsMeasured: false,
      memoryBytes: expect.any(Number),
    });
    expect(model.info.memoryBytes).toBeGreaterThan(weights.length);
    model.dispose();
    expect(loaded.info.labels).toEqual(['apple', 'pear', 'plum']);
  });

  it('and says what was loaded, and its license where config.json has one', async () => {
    const sources: [ModelLocation | undefined, LoadOptions, string][] = [
      [undefined, {}, 'builtin'],
      ['builtin', {}, 'builtin'],
      ['owner/name', { host: server.url, revision: 'v1' }, 'owner/name'],
      [`${server.url}whole/`, {}, `${server.url}whole/`],
      [`${server.url}whole/model.safetensors`, {}, `${server.url}whole/model.safetensors`],
    ];
    for (const [location, options, source] of sources) {
      const model = await load(location, options);
      expect(model.info).toMatchObject({ source, license: source === 'builtin' ? 'mit' : undefined });
      model.dispose();
    }
    const config = { ...tinyConfig, pretrained_cfg: { license: 'apache-2.0' } };
    const licensed = await load({ ...inMemory, config });
    expect(licensed.info.license).toBe('apache-2.0');
    licensed.dispose();
  });

  it.each(['whole', 'chunked', 'gzip'])('with progress that ends at the end (%s)', async (how) => {
    const reports: Progress[] = [];
    await logitsOf(`${server.url}${how}/`, { onProgress: (progress) => reports.push(progress) });
    const weightBytes = tinyTensors().reduce((sum, { data }) => sum + data.length, 0);
    const configBytes = JSON.stringify(tinyConfig).length;
    expect(reports[0]).toEqual({
      file: 'config.json',
      loaded: configBytes,
      total: configBytes,
      phase: 'config',
      overall: { loaded: 0, total: Infinity },
    });
    expect(reports.at(-1)).toEqual({
      file: 'model.safetensors',
      loaded: weights.length,
      total: weights.length,
      phase: 'weights',
      overall: { loaded: weightBytes, total: weightBytes },
    });
    const shares = reports.map(({ overall }) => overall.loaded / overall.total);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });
});

/** The tiny checkpoint's tensors after a change. */
function changed(change: (tensors: Tensor[]) => Tensor[]): ModelLocation {
  return { ...inMemory, weights: safetensors(change(tinyTensors())) };
}

const query = 'vit.encoder.layer.1.attention.attention.query.weight';

const damaged: [name: string, model: () => ModelLocation, code: string, says: string][] = [
  [
    'is no safetensors file',
    () => ({ ...inMemory, weights: new TextEncoder().encode('These are not the weights.') }),
    'not-safetensors',
    'model.safetensors is not a safetensors file',
  ],
  [
    'is a pickle',
    () => ({ ...inMemory, weights: makeZip([{ name: 'archive/data.pkl', data: new Uint8Array(9) }]) }),
    'unsupported-format',
    'save_pretrained',
  ],
  [
    'is a pickle by its name',
    () => `${server.url}whole/pytorch_model.bin`,
    'unsupported-format',
    'save_pretrained',
  ],
  [
    'ends too early',
    () => ({ ...inMemory, weights: weights.slice(0, -1) }),
    'truncated',
    `ends after ${weights.length - 1} of its ${weights.length} bytes, within "classifier.bias"`,
  ],
  [
    'ends too early on the way',
    () => `${server.url}truncated/`,
    'truncated',
    `of its ${weights.length} bytes`,
  ],
  [
    'goes on too long',
    () => ({ ...inMemory, weights: new Blob([weights.slice(), '!']) }),
    'not-safetensors',
    'continues after its last tensor',
  ],
  ['breaks off', () => `${server.url}broken/`, 'unreadable', 'broken/model.safetensors broke off after'],
  [
    'lacks a tensor',
    () => changed((tensors) => tensors.filter(({ name }) => name !== query)),
    'tensors',
    `"${query}" is missing`,
  ],
  [
    'lacks its head',
    () => changed((tensors) => tensors.filter(({ name }) => !name.startsWith('classifier'))),
    'tensors',
    '"classifier.weight" is missing',
  ],
  [
    'has a tensor too many',
    () => changed((tensors) => [...tensors, makeTensor('vit.embeddings.distillation_token', [1, 1, 8])]),
    'tensors',
    '"vit.embeddings.distillation_token" is not a tensor of this model',
  ],
  [
    'has a block too many',
    () => changed((tensors) => [...tensors, makeTensor('vit.encoder.layer.2.layernorm_after.bias', [8])]),
    'tensors',
    '"vit.encoder.layer.2.layernorm_after.bias" is not a tensor of this model',
  ],
  [
    'has a tensor of the wrong shape',
    () =>
      changed((tensors) =>
        tensors.map((tensor) => (tensor.name === query ? makeTensor(query, [4, 16]) : tensor)),
      ),
    'tensors',
    `"${query}" has shape [4, 16], but the configuration asks for [8, 8]`,
  ],
  [
    'has a tensor of the wrong dtype',
    () => changed((tensors) => tensors.map((t) => (t.name === query ? { ...t, dtype: 'I32' } : t))),
    'tensors',
    `"${query}" has dtype I32`,
  ],
  [
    'has everything wrong with it, which is reported at once',
    () =>
      changed((tensors) => [
        makeTensor('surplus', [1]),
        ...tensors.slice(1).map((tensor) => (tensor.name === query ? makeTensor(query, [64]) : tensor)),
      ]),
    'tensors',
    `"surplus" is not a tensor of this model; "${query}" has shape [64], but the configuration asks for [8, 8]; ` +
      '"vit.embeddings.cls_token" is missing.',
  ],
  [
    'is of another size than its config',
    () => ({ weights, config: { ...tinyConfig, hidden_size: 16 } }),
    'tensors',
    'more like these',
  ],
  [
    'is of another architecture',
    () => ({ weights, config: { ...tinyConfig, model_type: 'convnext' } }),
    'unsupported-model',
    'config.json has model_type "convnext", which is a convolutional network',
  ],
  [
    'has heads that do not fit its width',
    () => ({ weights, config: { ...tinyConfig, num_attention_heads: 3 } }),
    'config',
    '3 attention heads',
  ],
  [
    'has a preprocessor for another size',
    () => ({ ...inMemory, preprocessor: { size: 224 } }),
    'preprocessor',
    'gives pictures of 224×224 pixels, but the model takes 8×8',
  ],
  ['is a page', () => `${server.url}page/`, 'html', 'Got an HTML page from http://127.0.0.1:'],
  ['is a page by its contents', () => `${server.url}disguised/`, 'html', 'disguised/model.safetensors'],
  ['has a page for a config', () => `${server.url}page-config/`, 'html', 'page-config/config.json'],
  ['is not there', () => `${server.url}nowhere/`, 'not-found', 'nowhere/model.safetensors'],
  ['is not on disk', () => './no/such/folder/', 'not-found', '/no/such/folder/model.safetensors'],
  ['is withheld', () => `${server.url}refused/`, 'unreadable', 'Got status '],
  [
    'is where no server is',
    () => 'http://127.0.0.1:1/x/',
    'unreadable',
    'Could not fetch http://127.0.0.1:1/x/',
  ],
  ['is at no address', () => 'http://', 'invalid-argument', '"http://" is not an address'],
  ['is called by one word', () => 'vit', 'invalid-argument', '"owner/name"'],
];

describe('a checkpoint is refused that', () => {
  it.each(damaged)('%s', async (_, model, code, says) => {
    const error = await failureOf(load(model()));
    expect(error).toBeInstanceOf(VitError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
    expect((error as VitError).message).toMatch(/\.$/);
    expect(await loaded.logits(picture)).toEqual(expected);
  });

  it('is withheld by the Hub, which says the same of what does not exist', async () => {
    const error = await failureOf(load('gated/model', { host: server.url }));
    expect(error).toMatchObject({ code: 'unreadable', message: expect.stringContaining('"./gated/model/"') });
  });

  it('is not on the Hub, which also shows how a folder is written', async () => {
    const error = await failureOf(load('no/model', { host: server.url }));
    expect(error).toMatchObject({ code: 'not-found', message: expect.stringContaining('"./no/model/"') });
  });

  it('does not fit, and the connection is closed', async () => {
    expect(await failureOf(load(`${server.url}unfit/`))).toMatchObject({ code: 'tensors' });
    await letGo;
  });

  it('does not fit, before any of its weights are read', async () => {
    const tensors = tinyTensors().slice(1);
    const file = safetensors(tensors);
    const dataBytes = tensors.reduce((sum, { data }) => sum + data.length, 0);
    const headerOnly = new Blob([file.slice(0, file.length - dataBytes)]);
    const error = await failureOf(load({ ...inMemory, weights: headerOnly }));
    expect(error).toMatchObject({ code: 'tensors' });
  });
});

describe('an aborted load', () => {
  it('before it begins rejects with the reason', async () => {
    expect(await failureOf(load(inMemory, { signal: AbortSignal.abort('never mind') }))).toBe('never mind');
  });

  it('while weights arrive rejects with the reason, closes the connection and may be repeated', async () => {
    const abort = new AbortController();
    const loading = failureOf(load(`${server.url}stalled/`, { signal: abort.signal }));
    setTimeout(() => abort.abort('too slow'), 300);
    expect(await loading).toBe('too slow');
    await letGo;
    expect(await loaded.logits(picture)).toEqual(expected);
    expect(await logitsOf(`${server.url}whole/`, { signal: new AbortController().signal })).toEqual(expected);
  });

  it('by what onProgress throws rejects with that', async () => {
    const mine = new Error('no more');
    const onProgress = () => {
      throw mine;
    };
    expect(await failureOf(load(inMemory, { onProgress }))).toBe(mine);
  });
});
