// Another engine, the same arithmetic: plain SIMD in Firefox gives the logits of Node to the bit.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'puppeteer-core';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { entry, usualRoutes, type Package } from './chromium.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';
import { launchFirefox } from './launch-firefox.js';
import { isolation, startServer, type Server } from './server.js';

const picture = opaquePicture();
let server: Server;
let isolated: Server;
let browser: Browser;

beforeAll(async () => {
  server = await startServer(usualRoutes);
  isolated = await startServer(usualRoutes, isolation);
  browser = await launchFirefox();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await isolated?.close();
});

interface Question {
  entry: string;
  url: string | undefined;
  worker: boolean;
  /** Of an isolated page. */
  threads?: number;
  picture: PackedPicture;
}

/** Runs in the page. */
async function askInPage({
  entry,
  url,
  worker,
  threads,
  picture,
}: Question): Promise<{ variant: string; threads: number; logits: number[] }> {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, { variant: 'simd', worker, threads });
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height);
  const bytes = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
  const logits = Array.from(await model.logits(canvas));
  model.dispose();
  return { variant: model.info.variant, threads: model.info.threads, logits };
}

async function ask({ origin }: Server, question: Pick<Question, 'url' | 'worker' | 'threads'>) {
  const page = await browser.newPage();
  await page.goto(`${origin}/page/`);
  const answer = await page.evaluate(askInPage, { ...question, entry, picture: pack(picture) });
  await page.close();
  return answer;
}

async function logitsOfNode(path: string | undefined): Promise<Float32Array> {
  const model = await load(path, { variant: 'simd' });
  const logits = await model.logits(picture);
  model.dispose();
  return logits;
}

describe.each([
  { name: 'the built-in model', url: undefined, path: undefined },
  {
    name: 'a golden model',
    url: '/models/three-blocks/',
    path: fileURLToPath(new URL('models/three-blocks/', fixtures)),
  },
])('$name', ({ url, path }) => {
  it.each([true, false])('gives the logits of Node to the bit, worker: %s', async (worker) => {
    const { variant, threads, logits } = await ask(server, { url, worker });
    expect([variant, threads]).toEqual(['simd', 1]);
    expect(bitsOf(logits)).toEqual(bitsOf(await logitsOfNode(path)));
  });

  it('gives them with threads, too', async () => {
    const { variant, threads, logits } = await ask(isolated, { url, worker: true, threads: 2 });
    expect([variant, threads]).toEqual(['simd-threads', 2]);
    expect(bitsOf(logits)).toEqual(bitsOf(await logitsOfNode(path)));
  });
});
