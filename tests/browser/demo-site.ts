// The demo as `npm run build:demo` writes it, on a host of the tests, in one page of Chromium for all tests of a file.
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import { deitTiny, fixtures, sharedIsThere } from '../golden/fixtures.js';
import { chromiumFlags, launchChromium } from './chromium.js';
import { opaquePicture, pack, type PackedPicture } from './picture.js';
import { isolation, startServer, type Route, type Server } from './server.js';

/** Somewhere below the top of a host, which the page must not notice. */
export const place = '/some/where/';
/** Where the page says that it is hosted. */
export const hosted = 'https://pages.example/vit-wasm';
const camera = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

export const picture = opaquePicture();
export const golden = new URL('models/three-blocks/', fixtures);

/** Never more than its head: what a slow network looks like to a page. */
const stalled: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Length': 1000 }).write('x');
};

export interface Demo {
  /** The page that all tests of the file share. */
  page(): Page;
  server(): Server;
  /** A page in a context of its own, closed after the test; `address` is what follows the page's. */
  open(address?: string, options?: Parameters<Browser['newContext']>[0]): Promise<Page>;
  /** A context of its own, closed after the test. */
  context(options?: Parameters<Browser['newContext']>[0]): Promise<BrowserContext>;
  /** What the console told of errors since the last call: of a page that does all right, nothing. */
  problems(): string[];
}

/** Writes the site to a new folder. */
export async function writeSite(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-demo-'));
  const script = (await import(new URL('../../scripts/demo.mjs', import.meta.url).href)) as {
    writeDemo(out: string, options: { site: string }): Promise<void>;
  };
  await script.writeDemo(folder, { site: hosted });
  return folder;
}

/** Writes the site and serves it, with models of the tests beside it. */
export async function startDemo(headers: Readonly<Record<string, string>> = isolation): Promise<Server> {
  const folder = await writeSite();
  const server = await startServer(
    {
      [`${place}models/first-glance/`]: pathToFileURL(`${folder}/models/first-glance/`),
      [`${place}models/`]: new URL('models/', fixtures),
      [`${place}zero-shot/`]: new URL('zero-shot/', fixtures),
      [`${place}deit-tiny/`]: sharedIsThere ? deitTiny : golden,
      [`${place}stalled/model.safetensors`]: stalled,
      [`${place}stalled/`]: golden,
      [place]: pathToFileURL(`${folder}/`),
    },
    headers,
  );
  const close = async () => {
    await server.close();
    await rm(folder, { recursive: true });
  };
  return { origin: server.origin, requests: server.requests, close };
}

/** Serves the site, and opens it before the tests of this file. */
export function inDemo(headers: Readonly<Record<string, string>> = isolation): Demo {
  let browser: Browser;
  let server: Server;
  let shared: Page;
  const problems: string[] = [];
  const uncaught: string[] = [];
  let contexts: BrowserContext[] = [];

  const newContext = async (options: Parameters<Browser['newContext']>[0] = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.on('page', (page) => {
      page.on('pageerror', (error) => uncaught.push(error.message));
      // Chromium tells violations of the page's policy, and scripts that did not load, on the console.
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
    });
    return context;
  };
  beforeAll(async () => {
    server = await startDemo(headers);
    browser = await launchChromium([...chromiumFlags, ...camera]);
    const context = await newContext({ permissions: ['camera', 'clipboard-read', 'clipboard-write'] });
    shared = await context.newPage();
    await shared.goto(server.origin + place);
    await answered(shared);
    // On a busy machine the site, the browser and the first answer together take longer than a test.
  }, 180_000);
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    expect(uncaught.splice(0)).toEqual([]);
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const context = async (options?: Parameters<Browser['newContext']>[0]) => {
    const made = await newContext(options);
    contexts.push(made);
    return made;
  };
  return {
    page: () => shared,
    server: () => server,
    context,
    async open(address = '', options) {
      const page = await (await context(options)).newPage();
      await page.goto(server.origin + place + address);
      return page;
    },
    problems: () => problems.splice(0),
  };
}

/** Waits for the answers to what is on the stage. */
export async function answered(page: Page, name?: string): Promise<void> {
  if (name !== undefined) await page.waitForSelector(`#picture-name:text("${name}")`);
  const loaded = 'main:has(#loading[hidden])';
  await page.waitForSelector(`${loaded} #answers:not(.stale) li:nth-child(5)`, { state: 'attached' });
}

export const answersOf = (page: Page): Promise<string[]> => page.locator('#answers li').allInnerTexts();

/** The test's picture as a PNG, which the browser makes. */
export async function pngOf(page: Page): Promise<Buffer> {
  const encode = async ({ data, width, height }: PackedPicture) => {
    const canvas = new OffscreenCanvas(width, height);
    const bytes = Uint8ClampedArray.from(atob(data), (byte) => byte.charCodeAt(0));
    canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
    return Array.from(new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()));
  };
  return Buffer.from(await page.evaluate(encode, pack(picture)));
}

/** Opens a tab by its name, as a visitor does. */
export async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name, exact: true }).click();
}

/** How many pixels of the overlay show something, and a number that changes with the picture of it. */
export function overlayOf(page: Page): Promise<{ drawn: number; sum: number }> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#overlay')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const drawn = data.filter((value, at) => at % 4 === 3 && value > 0).length;
    return { drawn, sum: data.reduce((sum, value, at) => (sum + value * (at % 997)) % 1e9, 0) };
  });
}

export const pathOf = (url: URL): string => fileURLToPath(url);
