// Another engine, the same arithmetic: plain SIMD in Firefox gives the logits of Node to the bit.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import puppeteer, { type Browser } from 'puppeteer-core';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { entry, usualRoutes, type Package } from './chromium.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';
import { onPath } from './programs.js';
import { startServer, type Server } from './server.js';

const picture = opaquePicture();
let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await startServer(usualRoutes);
  const executablePath = onPath('firefox-esr', 'firefox');
  browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

interface Question {
  entry: string;
  url: string | undefined;
  worker: boolean;
  picture: PackedPicture;
}

/** Runs in the page. */
async function askInPage({
  entry,
  url,
  worker,
  picture,
}: Question): Promise<{ variant: string; logits: number[] }> {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, { variant: 'simd', worker });
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height);
  const bytes = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
  const logits = Array.from(await model.logits(canvas));
  model.dispose();
  return { variant: model.info.variant, logits };
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
    const model = await load(path, { variant: 'simd' });
    const expected = await model.logits(picture);
    model.dispose();
    const page = await browser.newPage();
    await page.goto(`${server.origin}/page/`);
    const { variant, logits } = await page.evaluate(askInPage, {
      entry,
      url,
      worker,
      picture: pack(picture),
    });
    await page.close();
    expect(variant).toBe('simd');
    expect(bitsOf(logits)).toEqual(bitsOf(expected));
  });
});
