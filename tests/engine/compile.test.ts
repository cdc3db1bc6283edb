// web/engine/compile.ts: what is at an address is downloaded and compiled once; what failed is tried again.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { load } from 'vit-wasm';

import { serveHttp, type TestServer } from '../web/http.js';
import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const inMemory = { weights: safetensors(tinyTensors()), config: tinyConfig };

let server: TestServer;
let isBroken = true;
beforeAll(async () => {
  const wasm = await readFile(new URL('../../dist/vit.simd.wasm', import.meta.url));
  server = await serveHttp({
    '/vit.wasm': (response) => {
      response.writeHead(200, { 'content-type': 'application/wasm' }).end(isBroken ? wasm.subarray(9) : wasm);
    },
  });
});
afterAll(() => server.close());

const downloads = () => server.requests.filter(({ path }) => path === '/vit.wasm').length;

it('compiles WebAssembly once for all models, and anew after a failure', async () => {
  const wasm = { variant: 'simd', url: `${server.url}vit.wasm` } as const;
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
