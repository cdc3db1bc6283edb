// Faults while loading: whatever a server, a cache or a caller does, a load ends soon in the right answer or in an error
// that says what happened, and leaves nothing behind that would spoil the next. (A killed worker is in
// tests/browser/worker-killed.test.ts, aborts at random moments in tests/soak.)
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, VitError, type LoadOptions, type ModelCache } from 'vit-wasm';

import { faults, weights, type Answer, type Fault } from './fault-cases.js';
import { json, serveHttp, whole, type TestServer } from './http.js';
import { picture, tinyConfig } from './tiny-checkpoint.js';

const cacheOf = (match: ModelCache['match'], put: ModelCache['put']): ModelCache => ({ match, put });

const cases: Fault[] = [
  ...faults,
  {
    name: 'no space',
    options: {
      cache: cacheOf(
        () => Promise.resolve(undefined),
        () => Promise.reject(new DOMException('full', 'QuotaExceededError')),
      ),
    },
  },
  {
    name: 'a poisoned cache',
    options: {
      cache: cacheOf(
        () => Promise.resolve(new Response('{"poisoned":true}')),
        () => Promise.resolve(),
      ),
    },
  },
  {
    name: 'a cache of another model',
    options: {
      cache: cacheOf(
        (key) => Promise.resolve(new Response(key.endsWith('.json') ? JSON.stringify(tinyConfig) : 'no')),
        () => Promise.resolve(),
      ),
    },
  },
];

let server: TestServer;
let folder: string;
let expected: Float32Array;
let answers: Record<string, Answer>;

beforeAll(async () => {
  expected = await logitsOf({ weights, config: tinyConfig });
  answers = { '/good/config.json': json(tinyConfig), '/good/model.safetensors': whole(weights) };
  for (const [index, one] of cases.entries()) {
    answers[`/${index}/config.json`] = one.config ?? json(tinyConfig);
    answers[`/${index}/model.safetensors`] = one.weights ?? whole(weights);
    if (one.preprocessor) answers[`/${index}/preprocessor_config.json`] = one.preprocessor;
  }
  server = await serveHttp(answers);
  folder = await mkdtemp(join(tmpdir(), 'vit-wasm-faults-'));
});
afterEach(async () => {
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function logitsOf(model: Parameters<typeof load>[0], options?: LoadOptions): Promise<Float32Array> {
  const loaded = await load(model, options);
  const logits = await loaded.logits(picture);
  loaded.dispose();
  return logits;
}

it.each(cases.map((one, index) => ({ ...one, index })))(
  '$name: $fails',
  async ({ index, options, fails }) => {
    const url = `${server.url}${index}/`;
    const began = performance.now();
    const end = await logitsOf(url, { cache: folder, ...options }).catch((error: unknown) => error);
    expect(performance.now() - began).toBeLessThan(15_000);
    if (fails === undefined) expect(end).toEqual(expected);
    else {
      expect(end).toBeInstanceOf(VitError);
      expect(end).toMatchObject({ code: fails });
      expect((end as VitError).message).toMatch(/^[A-Z"`/.\w].*\.$/s);
    }
    // Once the server is well again, so is the model.
    answers[`/${index}/config.json`] = json(tinyConfig);
    answers[`/${index}/model.safetensors`] = whole(weights);
    delete answers[`/${index}/preprocessor_config.json`];
    expect(await logitsOf(url, { cache: folder })).toEqual(expected);
  },
);

it('two loads at once, through one cache', async () => {
  const url = `${server.url}good/`;
  const loads = Array.from({ length: 4 }, () => logitsOf(url, { cache: folder }));
  for (const logits of await Promise.all(loads)) expect(logits).toEqual(expected);
  expect(await logitsOf(url, { cache: folder })).toEqual(expected);
});

it('two loads at once, through one cache, of which the first is aborted on the way', async () => {
  const url = `${server.url}aborted/`;
  const abort = new AbortController();
  let goOn: () => void = () => undefined;
  const half = new Promise<void>((resolve) => (goOn = resolve));
  answers['/aborted/config.json'] = json(tinyConfig);
  answers['/aborted/model.safetensors'] = (response) => {
    response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 3000));
    void half.then(() => response.end(weights.subarray(3000)));
  };
  const requested = () => server.requests.filter(({ path }) => path === '/aborted/model.safetensors').length;
  const first = load(url, { cache: folder, signal: abort.signal }).catch((error: unknown) => error);
  const second = logitsOf(url, { cache: folder });
  while (requested() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort('enough');
  expect(await first).toBe('enough');
  goOn();
  expect(await second).toEqual(expected);
  expect(await logitsOf(url, { cache: folder })).toEqual(expected);
  expect(requested()).toBe(2);
});

it('an abort, at once and later', async () => {
  const url = `${server.url}good/`;
  const aborted = AbortSignal.abort('enough');
  await expect(load(url, { cache: folder, signal: aborted })).rejects.toBe('enough');
  const abort = new AbortController();
  const onProgress = () => abort.abort('enough');
  await expect(load(url, { cache: false, signal: abort.signal, onProgress })).rejects.toBe('enough');
});
