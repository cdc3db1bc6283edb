// Errors in a browser are VitErrors with a code, also from within the worker; they leave the model usable and no worker
// behind.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

import { fixtures } from '../golden/fixtures.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { page as anyPage, type Route } from './server.js';

const model = new URL('models/three-blocks/', fixtures);
const weights = await readFile(new URL('model.safetensors', model));

/** The model's folder with other weights. */
const withWeights = (name: string, answer: Route): Record<string, Route> => ({
  [`/${name}/model.safetensors`]: answer,
  [`/${name}/`]: model,
});

const bytes =
  (content: Uint8Array): Route =>
  (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(content);
  };

const chromium = inChromium({
  ...withWeights('html', anyPage),
  ...withWeights('text', bytes(Buffer.from('These are no weights, whatever the file is called.'))),
  ...withWeights('truncated', bytes(weights.subarray(0, -100))),
  // The first half, and then nothing more.
  ...withWeights('stalled', (_request, response) => {
    response.writeHead(200, { 'Content-Length': weights.length });
    response.write(weights.subarray(0, weights.length / 2));
  }),
  ...usualRoutes,
});

interface Told {
  isVitError: boolean;
  code: string | undefined;
  message: string;
}

interface Question {
  entry: string;
  url: string;
  worker: boolean | { url: string };
  wasm?: { variant: 'simd'; url: string };
}

/** Runs in the page: what loading fails with. */
async function failToLoad({ entry, url, worker, wasm }: Question): Promise<Told> {
  const { load, VitError } = (await import(entry)) as Package;
  try {
    await load(url, { worker, wasm });
  } catch (error) {
    const { message } = error as Error;
    const isVitError = error instanceof VitError;
    return { isVitError, code: isVitError ? error.code : undefined, message };
  }
  throw new Error(`${url} was loaded.`);
}

/** A worker that was ended takes a moment to be gone. */
async function expectWorkers(page: Page, count: number): Promise<void> {
  for (let tries = 0; tries < 100 && page.workers().length !== count; tries++) await page.waitForTimeout(20);
  expect(page.workers()).toHaveLength(count);
}

const badModels = [
  { name: 'a page instead of weights', url: '/html/', code: 'html', says: 'HTML page' },
  {
    name: 'text instead of weights',
    url: '/text/',
    code: 'not-safetensors',
    says: '/text/model.safetensors',
  },
  { name: 'weights that end early', url: '/truncated/', code: 'truncated', says: String(weights.length) },
  { name: 'a folder that does not exist', url: '/nowhere/', code: 'not-found', says: '/nowhere/' },
];

describe.each([true, false])('worker: %s', (worker) => {
  it.each(badModels)('$name fails with $code', async ({ url, code, says }) => {
    const page = await chromium.usual();
    const failure = await page.evaluate(failToLoad, { entry, url, worker });
    expect(failure).toEqual({ isVitError: true, code, message: expect.stringContaining(says) });
    await expectWorkers(page, 0);
  });

  it('an aborted load rejects with the reason of its signal', async () => {
    const page = await chromium.usual();
    const failure = await page.evaluate(abortLoad, { entry, url: '/stalled/', worker });
    expect(failure).toEqual({ sameReason: true, loaded: expect.any(Number) });
    expect(failure.loaded).toBeGreaterThan(0);
    expect(failure.loaded).toBeLessThan(weights.length);
    await expectWorkers(page, 0);
  });

  it('a bad source is refused, and the model answers the next one as before', async () => {
    const page = await chromium.usual();
    const { first, last, codes } = await page.evaluate(giveBadSources, {
      entry,
      url: '/models/three-blocks/',
      worker,
    });
    expect(codes).toEqual({
      'a 0×0 canvas': 'invalid-source',
      'a closed ImageBitmap': 'invalid-source',
      'too few bytes': 'invalid-source',
      'a Blob of text': 'invalid-source',
      'an address of nothing': 'not-found',
      null: 'invalid-source',
    });
    expect(last).toEqual(first);
    await expectWorkers(page, 0);
  });

  it('dispose ends running calls, and later calls are refused', async () => {
    const page = await chromium.usual();
    await page.evaluate(keepModel, { entry, url: '/models/three-blocks/', worker });
    await expectWorkers(page, worker ? 1 : 0);
    expect(await page.evaluate(disposeModel)).toEqual({ underWay: 'disposed', after: 'disposed' });
    await expectWorkers(page, 0);
  });
});

it.each([
  ['/nowhere/worker.js', 'got status 404 from'],
  ['/page/worker.js', 'got text/html from'],
])('says what is wrong with a worker script at %s', async (url, says) => {
  const page = await chromium.usual();
  const failure = await page.evaluate(failToLoad, { entry, url: '/models/three-blocks/', worker: { url } });
  expect(failure).toEqual({ isVitError: true, code: 'worker', message: expect.stringContaining(says) });
  expect(failure.message).toContain('vit-wasm/inline');
  await expectWorkers(page, 0);
});

it.each([
  ['/nowhere/vit.simd.wasm', 'wasm', 'Got status 404 from'],
  ['/page/vit.simd.wasm', 'html', 'Got text/html from'],
])('says what is wrong with a wasm file at %s', async (url, code, says) => {
  const page = await chromium.usual();
  const wasm = { variant: 'simd', url } as const;
  const failure = await page.evaluate(failToLoad, {
    entry,
    url: '/models/three-blocks/',
    worker: true,
    wasm,
  });
  expect(failure).toEqual({ isVitError: true, code, message: expect.stringContaining(says) });
  expect(failure.message).toMatch(/optimizeDeps\.exclude.*vit-wasm\/inline/s);
  await expectWorkers(page, 0);
});

/** Runs in the page: aborts as soon as some weights have come. */
async function abortLoad({ entry, url, worker }: Question): Promise<{ sameReason: boolean; loaded: number }> {
  const { load } = (await import(entry)) as Package;
  const controller = new AbortController();
  const reason = new Error('The visitor has left.');
  let loaded = 0;
  try {
    await load(url, {
      worker,
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.phase !== 'weights') return;
        loaded = progress.loaded;
        controller.abort(reason);
      },
    });
  } catch (error) {
    return { sameReason: error === reason, loaded };
  }
  throw new Error('It was loaded all the same.');
}

/** Runs in the page: the codes that bad sources fail with, and a good source's logits before and after. */
async function giveBadSources({ entry, url, worker }: Question) {
  const { load, VitError } = (await import(entry)) as Package;
  const model = await load(url, { worker });
  const good = { data: new Uint8Array(32 * 32 * 4).fill(99), width: 32, height: 32 };
  const first = Array.from(await model.logits(good));
  const closed = await createImageBitmap(new ImageData(4, 4));
  closed.close();
  const sources: Record<string, unknown> = {
    'a 0×0 canvas': Object.assign(document.createElement('canvas'), { width: 0, height: 0 }),
    'a closed ImageBitmap': closed,
    'too few bytes': { data: new Uint8Array(3), width: 1, height: 1 },
    'a Blob of text': new Blob(['text']),
    'an address of nothing': '/cat.jpg',
    null: null,
  };
  const codes: Record<string, string> = {};
  for (const [name, source] of Object.entries(sources)) {
    codes[name] = await model.classify(source as ImageData).then(
      () => 'no error',
      (error: unknown) => (error instanceof VitError ? error.code : String(error)),
    );
  }
  const last = Array.from(await model.logits(good));
  model.dispose();
  return { first, last, codes };
}

type Holder = typeof globalThis & { model: Awaited<ReturnType<Package['load']>> };

async function keepModel({ entry, url, worker }: Question): Promise<void> {
  const { load } = (await import(entry)) as Package;
  (self as unknown as Holder).model = await load(url, { worker });
}

/** Runs in the page: disposes of the kept model twice, with a call under way, and calls it again. */
async function disposeModel(): Promise<{ underWay: string; after: string }> {
  const { model } = self as unknown as Holder;
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'no error',
      (error: { code: string }) => error.code,
    );
  const picture = { data: new Uint8Array(4), width: 1, height: 1 };
  const underWay = codeOf(model.classify(picture));
  model.dispose();
  model.dispose();
  return { underWay: await underWay, after: await codeOf(model.classify(picture)) };
}
