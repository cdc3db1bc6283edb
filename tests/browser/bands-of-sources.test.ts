// web/pictures/canvas.ts draws a large picture band by band: in every engine, its bytes are those of a canvas as large as the
// picture, and no canvas of its own keeps memory.
import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { inChromium } from './chromium.js';
import { launchFirefox } from './launch-firefox.js';
import { routes } from './pictures.js';
import { startServer, type Server } from './server.js';
import { startWebKit } from './webkit.js';

let server: Server;
beforeAll(async () => {
  server = await startServer(routes);
});
afterAll(() => server?.close());

interface Compared {
  answers: Record<string, { all: number; inside: number }>;
  made: number;
  left: number;
}

/** Runs in the page. */
async function compareBands() {
  const address = '/script/bands.js';
  const { compare } = (await import(address)) as { compare: () => Promise<Compared> };
  return await compare();
}

const everywhere = ['a canvas', 'an OffscreenCanvas', 'an ImageBitmap', 'a Blob'];

function expectSame({ answers, made, left }: Compared, kinds: string[]): void {
  const same = Object.keys(answers).map((kind) => [kind, { all: 0, inside: 0 }]);
  expect(answers).toEqual(Object.fromEntries(same));
  expect(Object.keys(answers)).toEqual(expect.arrayContaining(kinds));
  // One for each kind and region, and one that looks for noise.
  expect({ made, left }).toEqual({ made: 2 * same.length + 1, left: 0 });
}

const chromium = inChromium(routes);

it('in Chromium', async () => {
  const page = await chromium.usual();
  expectSame(await page.evaluate(compareBands), [
    ...everywhere,
    'a VideoFrame',
    'a WebGL canvas',
    'an ImageData in Display-P3',
  ]);
});

it('in Firefox', async () => {
  const browser = await launchFirefox();
  try {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/page/`);
    expectSame(await page.evaluate(compareBands), everywhere);
  } finally {
    await browser.close();
  }
});

it('in WebKit', async () => {
  const webkit = await startWebKit();
  try {
    expectSame(await webkit.evaluate(`${server.origin}/page/`, compareBands, undefined), everywhere);
  } finally {
    await webkit.close();
  }
});
