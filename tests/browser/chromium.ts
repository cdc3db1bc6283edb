import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

import { deitTiny, fixtures } from '../golden/fixtures.js';
import { onPath } from './programs.js';
import { page as anyPage, startServer, type Route, type Server } from './server.js';

/** What a page gets by importing the built package. */
export type Package = typeof import('../../web/index.js');

export const dist = new URL('../../dist/', import.meta.url);

/** An empty page, the built package and the models of the golden tests. */
export const usualRoutes: Readonly<Record<string, Route>> = {
  '/package/': dist,
  '/models/': new URL('models/', fixtures),
  '/families/': new URL('families/', fixtures),
  '/deit-tiny/': deitTiny,
  '/page/': anyPage,
};

/** Where a page of the usual server finds the package's entry. */
export const entry = '/package/index.js';

/** Chromium and a server for the tests of a file. */
export interface Surroundings {
  server(): Server;
  /** A new page, closed after the test; of the server unless the address says another. */
  open(address?: string): Promise<Page>;
  /** The same page for every test of the file, which saves half a second each. */
  usual(): Promise<Page>;
}

/**
 * Starts Chromium and a server before the tests of this file, and ends both afterwards. An error that nobody catches in
 * any of the pages fails the test.
 */
export function inChromium(
  routes = usualRoutes,
  headers: Readonly<Record<string, string>> = {},
  flags: readonly string[] = chromiumFlags,
): Surroundings {
  let browser: Browser;
  let server: Server;
  let usual: Promise<Page> | undefined;
  let closing: Page[] = [];
  let uncaught: string[] = [];

  beforeAll(async () => {
    server = await startServer(routes, headers);
    browser = await launchChromium(flags);
  });
  afterEach(async () => {
    await Promise.all(closing.map(close));
    closing = [];
    const errors = uncaught;
    uncaught = [];
    expect(errors).toEqual([]);
  });
  afterAll(async () => {
    if (usual) await keepCoverage(await usual);
    await browser?.close();
    await server?.close();
  });

  const newPage = async (address: string) => {
    const page = await browser.newPage();
    page.on('pageerror', (error) => uncaught.push(error.message));
    if (coverage) await page.coverage.startJSCoverage({ resetOnNavigation: false });
    await page.goto(new URL(address, server.origin).href);
    return page;
  };
  return {
    server: () => server,
    async open(address = '/page/') {
      const page = await newPage(address);
      closing.push(page);
      return page;
    },
    usual: () => (usual ??= newPage('/page/')),
  };
}

/** Where `npm run coverage` wants to have which lines were run. */
const coverage = process.env.VIT_COVERAGE;

/** Writes what ran of the package's files in a page, as Node writes it of its own processes. */
async function keepCoverage(page: Page): Promise<void> {
  if (!coverage || page.isClosed()) return;
  const entries = await page.coverage.stopJSCoverage();
  const result = entries.flatMap(({ url, scriptId, functions }) => {
    const [, file] = /\/package\/([^?]*)/.exec(url) ?? [];
    return file ? [{ scriptId, url: new URL(file, dist).href, functions }] : [];
  });
  await writeFile(join(coverage, `page-${randomUUID()}.json`), JSON.stringify({ result }));
}

async function close(page: Page): Promise<void> {
  await keepCoverage(page);
  await page.close();
}

export function launchChromium(flags = chromiumFlags): Promise<Browser> {
  return chromium.launch({ executablePath: onPath('chromium'), args: [...flags] });
}

/** For a machine that may have no network and no display, and where the tests may run as root. */
const usualFlags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const chromiumFlags: readonly string[] = [...usualFlags, '--disable-gpu'];

/** With WebGL and WebGPU, computed by the processor. */
export const withWebGpu = [
  ...usualFlags,
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-angle=swiftshader',
  '--use-vulkan=swiftshader',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
];
