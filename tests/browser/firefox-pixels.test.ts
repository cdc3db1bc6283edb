// web/pictures/sources.ts in Firefox: the same bytes as in Chromium, and a warning where it changes what is read from canvases.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'puppeteer-core';

import { launchFirefox } from './launch-firefox.js';
import { bytes, callPictures, height, routes, width } from './pictures.js';
import { startServer, type Server } from './server.js';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await startServer(routes);
});
afterAll(() => server?.close());

/** Opens a page and calls what page/pictures.js exports, one after another; what was warned of comes last. */
async function inPage(...calls: [name: string, ...args: unknown[]][]): Promise<unknown[]> {
  const page = await browser.newPage();
  const warnings: string[] = [];
  page.on('console', (message) => warnings.push(message.text()));
  await page.goto(`${server.origin}/page/`);
  const results: unknown[] = [];
  for (const [name, ...args] of calls) results.push(await page.evaluate(callPictures, { name, args }));
  await page.close();
  return [...results, warnings];
}

describe('as it comes', () => {
  beforeAll(async () => {
    browser = await launchFirefox({});
  });
  afterAll(() => browser?.close());

  // Without a display, Firefox has no WebGL.
  it.each([
    'a 2D canvas',
    'a canvas that shows a bitmap',
    'an OffscreenCanvas',
    'an ImageData',
    'an ImageBitmap',
    'an <img> that is still loading',
    'raw RGBA',
    'a Blob',
    'a File',
    'an address',
  ])('the bytes of %s', async (name) => {
    expect(await inPage(['read', name])).toEqual([{ width, height, data: bytes }, []]);
  });

  it('a sentence for what has no pixels', async () => {
    const [image, blob, video] = await inPage(
      ['readPixelless', 'an <img> that is broken', {}],
      ['readPixelless', 'a Blob of text', {}],
      ['readPixelless', 'a <video> without a frame', {}],
    );
    const refusal = (says: string) => ({ code: 'invalid-source', message: expect.stringContaining(says) });
    expect(image).toEqual(refusal('check its src'));
    expect(blob).toEqual(refusal('could not decode'));
    expect(video).toEqual(refusal('has no frame to show yet'));
  });
});

describe('with resistFingerprinting', () => {
  beforeAll(async () => {
    browser = await launchFirefox({ 'privacy.resistFingerprinting': true });
  });
  afterAll(() => browser?.close());

  it('warns once of canvases that are not read as they are drawn; raw pixels are left alone', async () => {
    const [raw, first, second, warnings] = await inPage(
      ['read', 'raw RGBA'],
      ['read', 'a 2D canvas'],
      ['read', 'a Blob'],
    );
    expect(raw).toEqual({ width, height, data: bytes });
    expect(first).toEqual({ width, height, data: expect.any(Array) });
    expect(second).toEqual({ width, height, data: expect.any(Array) });
    expect(warnings).toEqual([expect.stringContaining('to protect against fingerprinting')]);
  });
});
