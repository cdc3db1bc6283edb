// web/engine/compile.ts: what is at an address is downloaded and compiled once; what failed is tried again.
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { load } from 'vit-wasm';

import { serveHttp, type TestServer } from '../web/http.js';
import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const inMemory = { weights: safetensors(tinyTensors()), config: tinyConfig };

const bytes = await readFile(new URL('../../dist/vit.simd.wasm', import.meta.url));
let server: TestServer;
let isBroken = true;
/** The answer to the latest request for a file that comes when a test lets it. */
let waiting: ServerResponse;
const answer = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'application/wasm' }).end(bytes);

beforeAll(async () => {
  server = await serveHttp({
    '/vit.wasm': (response) => {
      if (isBroken) response.writeHead(200, { 'content-type': 'application/wasm' }).end(bytes.subarray(9));
      else answer(response);
    },
    ...Object.fromEntries(
      ['/aborted.wasm', '/both.wasm', '/patience.wasm'].map((path) => [
        path,
        (response: ServerResponse) => void (waiting = response),
      ]),
    ),
  });
});
afterAll(() => server.close());

const downloads = (path = '/vit.wasm') => server.requests.filter((request) => request.path === path).length;
const at = (path: string) => ({ variant: 'simd', url: server.url + path.slice(1) }) as const;
/** Waits until a file was requested. */
async function requested(path: string, times = 1): Promise<void> {
  while (downloads(path) < times) await new Promise((resolve) => setTimeout(resolve, 5));
}

it('compiles WebAssembly once for all models, and anew after a failure', async () => {
  const wasm = at('/vit.wasm');
  expect(await failureOf(load(inMemory, { wasm }))).toMatchObject({ code: 'wasm' });
  expect(downloads()).toBe(1);
  isBroken = false;
  const answers = [];
  for (let count = 0; count < 3; count++) {
    const model = await load(inMemory, { wasm });
    answers.push(await model.logits(picture));
    model.dispose();
  }
  expect(downloads()).toBe(2);
  expect(answers[2]).toEqual(answers[0]);
});

it('compiles once for models that are loaded at the same time, though one of the loads is aborted', async () => {
  const wasm = at('/aborted.wasm');
  const abort = new AbortController();
  // The one that has begun the download is the one that is aborted.
  const first = failureOf(load(inMemory, { wasm, signal: abort.signal }));
  const others = [load(inMemory, { wasm }), load(inMemory, { wasm })];
  await requested('/aborted.wasm');
  abort.abort('enough');
  expect(await first).toBe('enough');
  answer(waiting);
  const [one, other] = await Promise.all(others);
  expect(await one.logits(picture)).toEqual(await other.logits(picture));
  expect(downloads('/aborted.wasm')).toBe(1);
  for (const model of [one, other]) model.dispose();
});

it('ends the download when every load is aborted, and begins another for the next', async () => {
  const wasm = at('/both.wasm');
  const abort = new AbortController();
  const loads = [1, 2].map(() => failureOf(load(inMemory, { wasm, signal: abort.signal })));
  await requested('/both.wasm');
  const response = waiting;
  const closed = new Promise((resolve) => response.once('close', resolve));
  abort.abort('enough');
  expect(await Promise.all(loads)).toEqual(['enough', 'enough']);
  await closed;
  const next = load(inMemory, { wasm });
  await requested('/both.wasm', 2);
  answer(waiting);
  (await next).dispose();
  expect(downloads('/both.wasm')).toBe(2);
});

it('waits for a shared download within the limits of each load', async () => {
  const wasm = at('/patience.wasm');
  const patient = load(inMemory, { wasm });
  await requested('/patience.wasm');
  expect(await failureOf(load(inMemory, { wasm, stallTimeout: 100 }))).toMatchObject({
    code: 'wasm',
    message: expect.stringContaining('nothing arrived for 0.1 s'),
  });
  answer(waiting);
  (await patient).dispose();
  expect(downloads('/patience.wasm')).toBe(1);
});

it('keeps no module of an address that only this page knows', async () => {
  const wasm = { variant: 'simd', url: `data:application/wasm;base64,${bytes.toString('base64')}` } as const;
  const compiling = jest.spyOn(WebAssembly, 'compileStreaming');
  (await Promise.all([load(inMemory, { wasm }), load(inMemory, { wasm })])).forEach((model) =>
    model.dispose(),
  );
  expect(compiling).toHaveBeenCalledTimes(1);
  (await load(inMemory, { wasm })).dispose();
  expect(compiling).toHaveBeenCalledTimes(2);
  compiling.mockRestore();
});
