// Every way into the package gives the answers of Node: modules of this origin and of another, everything inside one
// script, a <script>, and from within a worker of the page's own.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { dist, entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { startServer, type Route, type Server } from './server.js';

const picture = { data: new Uint8Array(400).fill(200), width: 10, height: 10 };

/** Has the package find its way from a classic script. */
const scripted: Route = (_request, response) => {
  response
    .writeHead(200, { 'Content-Type': 'text/html' })
    .end('<!doctype html><title>A page</title><script src="/package/global.js"></script>');
};
/** A worker of a page's own, which loads a model and answers with what `ask` gives. */
const usersWorker: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(`
    ${ask.toString()}
    self.onmessage = ({ data }) => ask(data).then((value) => postMessage(value));
  `);
};

const chromium = inChromium({
  '/scripted/': scripted,
  '/worker.js': usersWorker,
  ...usualRoutes,
});
let elsewhere: Server;
let expected: string[];

beforeAll(async () => {
  elsewhere = await startServer({ '/package/': dist }, { 'Access-Control-Allow-Origin': '*' });
  const model = await load(undefined, { variant: 'simd' });
  expected = (await model.classify(picture)).map(({ label, probability }) => `${label} ${probability}`);
  model.dispose();
});
afterAll(() => elsewhere?.close());

interface Question {
  /** A module, or the name of a global. */
  entry: string;
  worker: boolean | { url: string };
  /** A module that exports the built-in model. */
  builtin?: string;
  /** How the page gives the wasm at an address. */
  wasm?: { as: 'url' | 'bytes' | 'module'; url: string };
}

/** Runs in the page, or in a worker of its. */
async function ask({ entry, worker, builtin, wasm }: Question): Promise<string[]> {
  const global = (globalThis as unknown as Record<string, Package>)[entry];
  const { load } = global ?? ((await import(entry)) as Package);
  const given = builtin && ((await import(builtin)) as typeof import('../../web/builtin.js')).builtin;
  const ways = {
    url: (url: string) => ({ url }),
    bytes: async (url: string) => ({ bytes: await (await fetch(url)).arrayBuffer() }),
    module: async (url: string) => ({ module: await WebAssembly.compileStreaming(fetch(url)) }),
  };
  const override = wasm && { wasm: { variant: 'simd' as const, ...(await ways[wasm.as](wasm.url)) } };
  const model = await load(given || undefined, { variant: 'simd', worker, ...override });
  const picture = { data: new Uint8Array(400).fill(200), width: 10, height: 10 };
  const predictions = await model.classify(picture);
  model.dispose();
  return predictions.map(({ label, probability }) => `${label} ${probability}`);
}

describe.each([true, false])('worker: %s', (worker) => {
  it.each(['/package/index.js', '/package/inline.js'])('%s', async (entry) => {
    const page = await chromium.usual();
    expect(await page.evaluate(ask, { entry, worker })).toEqual(expected);
  });

  it('a <script>', async () => {
    const page = await chromium.open('/scripted/');
    expect(await page.evaluate(ask, { entry: 'vitWasm', worker })).toEqual(expected);
  });

  it.each(['index.js', 'inline.js'])('%s of another origin', async (file) => {
    const page = await chromium.usual();
    const entry = `${elsewhere.origin}/package/${file}`;
    expect(await page.evaluate(ask, { entry, worker })).toEqual(expected);
  });

  it.each(['/package/index.js', '/package/inline.js'])('%s in a worker of the page', async (entry) => {
    const page = await chromium.usual();
    const answer = await page.evaluate(askWorker, { entry, worker });
    expect(answer).toEqual(expected);
  });
});

/** Runs in the page. */
function askWorker(question: Question): Promise<string[]> {
  const worker = new Worker('/worker.js', { type: 'module' });
  return new Promise<string[]>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data as string[]);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(question);
  }).finally(() => worker.terminate());
}

it('the inline entry and the built-in model as a module fetch nothing but themselves', async () => {
  const page = await chromium.open();
  const before = chromium.server().requests.length;
  const builtin = '/package/builtin.js';
  expect(await page.evaluate(ask, { entry: '/package/inline.js', worker: true, builtin })).toEqual(expected);
  expect(chromium.server().requests.slice(before)).toEqual(['/package/inline.js', builtin]);
});

it('the worker script may be somewhere else', async () => {
  const page = await chromium.usual();
  for (const folder of ['/package', `${elsewhere.origin}/package`]) {
    const worker = { url: `${folder}/worker.simd.js` };
    expect(await page.evaluate(ask, { entry, worker })).toEqual(expected);
  }
});

it.each(['url', 'bytes', 'module'] as const)('the wasm may be given as %s', async (as) => {
  const page = await chromium.open();
  const before = chromium.server().requests.length;
  const wasm = { as, url: `${elsewhere.origin}/package/vit.simd.wasm` };
  for (const worker of [true, false]) {
    expect(await page.evaluate(ask, { entry, worker, wasm })).toEqual(expected);
  }
  // The package's own was left alone.
  const requests = chromium.server().requests.slice(before);
  expect(requests.filter((path) => path.endsWith('.wasm'))).toEqual([]);
});
