// What `load` keeps of its downloads, in Node: when, where, and that nothing that happens to it fails a load. Its
// twin in a browser is tests/browser/loading.test.ts.
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearCache, listCache, load, type LoadOptions, type ModelCache } from 'vit-wasm';

import { json, page, serveHttp, troubled, whole, type TestServer } from '../web/http.js';
import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const weights = safetensors(tinyTensors());
const shardNames = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const weightMap = Object.fromEntries(tinyTensors().map(({ name }, i) => [name, shardNames[i < 9 ? 0 : 1]]));

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
    '/complete/preprocessor_config.json': json({ size: 8, image_mean: [0.1, 0.2, 0.3] }),
    '/complete/model.safetensors': whole(weights),
    '/application/config.json': json(tinyConfig),
    '/application/preprocessor_config.json': page,
    '/application/model.safetensors': whole(weights),
    '/broken/config.json': json(tinyConfig),
    '/broken/model.safetensors': troubled(weights, { breaks: [10, 2000, 2100] }),
    '/hopeless/config.json': json(tinyConfig),
    '/hopeless/model.safetensors': troubled(weights, { ranges: false, breaks: [99, 99, 99] }),
    '/sharded/config.json': json(tinyConfig),
    '/sharded/model.safetensors.index.json': json({ weight_map: weightMap }),
    [`/sharded/${shardNames[0]}`]: whole(safetensors(tinyTensors().slice(0, 9))),
    [`/sharded/${shardNames[1]}`]: whole(safetensors(tinyTensors().slice(9))),
    '/page/config.json': json(tinyConfig),
    '/page/model.safetensors': page,
    '/disguised/config.json': json(tinyConfig),
    '/disguised/model.safetensors': whole(new TextEncoder().encode('<!DOCTYPE html><p>Hello.</p>')),
    '/truncated/config.json': json(tinyConfig),
    '/truncated/model.safetensors': whole(weights.slice(0, -1)),
    '/unfit/config.json': json({ ...tinyConfig, num_hidden_layers: 3 }),
    '/unfit/model.safetensors': whole(weights),
    '/stalled/config.json': json(tinyConfig),
    '/stalled/model.safetensors': (response) => {
      response.writeHead(200).write(weights.subarray(0, weights.length - 1));
    },
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

describe('what was loaded', () => {
  it('is kept, listed, found without a server, and forgotten', async () => {
    expect(await listCache(folder)).toEqual([]);
    expect(await logitsOf('model')).toEqual(expected);
    expect(await listCache(folder)).toEqual(
      expect.arrayContaining([
        { url: `${server.url}model/config.json`, bytes: JSON.stringify(tinyConfig).length },
        { url: `${server.url}model/model.safetensors`, bytes: weights.length },
      ]),
    );
    await server.close();
    const asked = jest.spyOn(globalThis, 'fetch');
    expect(await logitsOf('model')).toEqual(expected);
    // The file that was not there is tried once more, and not again and again.
    expect(asked.mock.calls.map(([url]) => url)).toEqual([`${server.url}model/preprocessor_config.json`]);
    asked.mockRestore();
    await clearCache(folder);
    expect(await listCache(folder)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
    expect(await failureOf(logitsOf('model'))).toMatchObject({ code: 'unreadable' });
  });

  it('in several files is found without a server, and not looked for in one', async () => {
    expect(await logitsOf('sharded')).toEqual(expected);
    await server.close();
    const asked = jest.spyOn(globalThis, 'fetch');
    expect(await logitsOf('sharded')).toEqual(expected);
    expect(asked.mock.calls.map(([url]) => url)).toEqual([`${server.url}sharded/preprocessor_config.json`]);
    asked.mockRestore();
    expect(await urls()).toEqual([
      'sharded/config.json',
      'sharded/model-00001-of-00002.safetensors',
      'sharded/model-00002-of-00002.safetensors',
      'sharded/model.safetensors.index.json',
    ]);
  });

  it('is not asked for again', async () => {
    const first = await logitsOf('complete');
    const { length } = server.requests;
    expect(await logitsOf('complete')).toEqual(first);
    expect(server.requests).toHaveLength(length);
    expect(await urls()).toEqual([
      'complete/config.json',
      'complete/model.safetensors',
      'complete/preprocessor_config.json',
    ]);
  });

  it('is kept whatever happened on the way, but not a page', async () => {
    expect(await logitsOf('broken')).toEqual(expected);
    expect(await logitsOf('application')).toEqual(expected);
    await server.close();
    expect(await logitsOf('broken')).toEqual(expected);
    expect(await logitsOf('application')).toEqual(expected);
    expect(await urls()).not.toContain('application/preprocessor_config.json');
  });

  it('is kept in the usual place unless another is given', async () => {
    expect(await listCache()).toEqual([]);
    await logitsOf('model', { cache: true });
    expect(await listCache()).toHaveLength(2);
    expect(await readdir(join(process.env['XDG_CACHE_HOME'] ?? '', 'vit-wasm'))).toHaveLength(4);
    await clearCache();
    await logitsOf('model', { cache: undefined });
    expect(await listCache()).toHaveLength(2);
    expect(await listCache(folder)).toEqual([]);
    await clearCache();
  });

  it('is one thing per revision', async () => {
    await logitsOf('model', { revision: '1' });
    const { length } = server.requests;
    await logitsOf('model', { revision: '1' });
    await logitsOf('model', { revision: '2' });
    expect(server.requests.slice(length).filter(({ path }) => path.endsWith('.safetensors'))).toHaveLength(1);
    expect(server.requests.every(({ path }) => !path.includes('revision'))).toBe(true);
    expect(await urls()).toContain('model/model.safetensors?revision=1');
  });

  it('stays when a load of it is aborted, or fails for a reason that is not in its files', async () => {
    await logitsOf('model');
    const kept = await urls();
    const abort = new AbortController();
    const onProgress = () => abort.abort('enough');
    expect(await failureOf(logitsOf('model', { signal: abort.signal, onProgress }))).toBe('enough');
    expect(await urls()).toEqual(kept);
    const broken = () => {
      throw new Error('broken');
    };
    expect(await failureOf(logitsOf('model', { onProgress: broken }))).toMatchObject({ message: 'broken' });
    expect(await urls()).toEqual(kept);
  });

  it.each([{ imageSize: 7 }, { imageSize: 40_000 }, { imageSize: { width: 8, height: 2 } }])(
    'stays when a load of it fails for its options: %j',
    async (options) => {
      await logitsOf('model');
      const { length } = server.requests;
      expect(await failureOf(logitsOf('model', options))).toMatchObject({
        code: 'config',
      });
      expect(server.requests.slice(length).map(({ path }) => path)).toEqual([
        '/model/preprocessor_config.json',
      ]);
      expect(await urls()).toHaveLength(2);
    },
  );

  it('is kept nowhere with `cache: false`, nor what is no download', async () => {
    await logitsOf('model', { cache: false });
    const model = await load({ weights, config: tinyConfig }, { cache: folder });
    model.dispose();
    expect(await listCache(folder)).toEqual([]);
  });
});

describe('nothing is kept', () => {
  it.each([
    ['page', 'html'],
    ['disguised', 'html'],
    ['truncated', 'truncated'],
    ['unfit', 'tensors'],
    ['hopeless', 'unreadable'],
    ['nowhere', 'not-found'],
  ])('of a load that failed: %s', async (name, code) => {
    expect(await failureOf(logitsOf(name))).toMatchObject({ code });
    expect(await readdir(folder).catch(() => [])).toEqual([]);
  });

  it('of an aborted load', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort('enough'), 200);
    expect(await failureOf(logitsOf('stalled', { signal: abort.signal }))).toBe('enough');
    expect(await readdir(folder).catch(() => [])).toEqual([]);
  });

  it('is not loaded when the signal aborts as the last of it is stored', async () => {
    const abort = new AbortController();
    const cache: ModelCache = {
      match: () => Promise.resolve(undefined),
      put: async (url, response) => {
        await response.blob();
        if (String(url).endsWith('.safetensors')) abort.abort('enough');
      },
    };
    expect(await failureOf(logitsOf('model', { cache, signal: abort.signal }))).toBe('enough');
  });
});

describe('a cache that fails only costs the download:', () => {
  it('a folder that cannot be made', async () => {
    await writeFile(folder, 'a file is in the way');
    expect(await logitsOf('model')).toEqual(expected);
    await rm(folder);
  });

  it('files that were cut, changed or taken away', async () => {
    await logitsOf('model');
    const files = (await readdir(folder)).filter((name) => !name.endsWith('.json'));
    for (const name of files) await truncate(join(folder, name), 20);
    expect(await logitsOf('model')).toEqual(expected);
    for (const name of files) await writeFile(join(folder, name), new Uint8Array(weights.length));
    expect(await logitsOf('model')).toEqual(expected);
    for (const name of files) await rm(join(folder, name));
    expect(await logitsOf('model')).toEqual(expected);
    await server.close();
    expect(await logitsOf('model')).toEqual(expected);
  });

  it('files that have the right length and the wrong bytes', async () => {
    await logitsOf('complete');
    const wanted = await logitsOf('complete');
    for (const name of (await readdir(folder)).filter((file) => !file.endsWith('.json'))) {
      const { bytes } = (await listCache(folder)).find(({ url }) => url.endsWith('.safetensors')) ?? {
        bytes: 0,
      };
      await writeFile(join(folder, name), new Uint8Array(bytes));
    }
    expect(await logitsOf('complete')).toEqual(wanted);
  });

  const broken: Record<string, ModelCache> = {
    'that throws': {
      match: () => {
        throw new Error('no');
      },
      put: () => {
        throw new Error('no');
      },
    },
    'that rejects': {
      match: () => Promise.reject(new Error('no')),
      put: () => Promise.reject(new Error('full')),
    },
    'whose files break off': {
      match: () =>
        Promise.resolve(new Response(new ReadableStream({ start: (c) => c.error(new Error('disk')) }))),
      put: () => Promise.resolve(),
    },
    'whose files are others': {
      match: () => Promise.resolve(new Response('{"these":"are not the weights"}')),
      put: () => Promise.resolve(),
    },
  };
  const never = () => new Promise<never>(() => undefined);
  const silent: Record<string, ModelCache> = {
    'whose match never settles': { match: never, put: () => Promise.resolve() },
    'whose files never come': {
      match: () => Promise.resolve(new Response(new ReadableStream({ pull: never, cancel: never }))),
      put: () => Promise.resolve(),
      delete: never,
    },
    'whose put never settles': { match: () => Promise.resolve(undefined), put: never },
  };
  it.each(Object.keys(silent))('one of the caller %s', async (name) => {
    const began = performance.now();
    expect(await logitsOf('complete', { cache: silent[name], stallTimeout: 500 })).toHaveLength(3);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it.each(Object.keys(silent))('nor keeps an abort from being heard: %s', async (name) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort('enough'), 300);
    const began = performance.now();
    expect(await failureOf(logitsOf('complete', { cache: silent[name], signal: abort.signal }))).toBe(
      'enough',
    );
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it.each(Object.keys(broken))('one of the caller %s', async (name) => {
    expect(await logitsOf('model', { cache: broken[name] })).toEqual(expected);
  });
});

describe('a cache of the caller', () => {
  it('is given whole files of models that were loaded, and no others', async () => {
    const files = new Map<string, Response>();
    const cache: ModelCache = {
      match: (key) => Promise.resolve(files.get(key)?.clone()),
      put: (key, response) => Promise.resolve(files.set(key, response)),
    };
    for (const name of ['truncated', 'unfit', 'page']) await failureOf(logitsOf(name, { cache }));
    expect(files.size).toBe(0);
    expect(await logitsOf('model', { cache })).toEqual(expected);
    expect([...files.keys()].sort()).toEqual([
      `${server.url}model/config.json`,
      `${server.url}model/model.safetensors`,
    ]);
    await server.close();
    expect(await logitsOf('model', { cache })).toEqual(expected);
    expect(await listCache(folder)).toEqual([]);
  });

  it.each([{}, { match: 1 }, '', 7])('is refused if it is %j', async (cache) => {
    expect(await failureOf(logitsOf('model', { cache: cache as unknown as boolean }))).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('match and put'),
    });
  });
});
