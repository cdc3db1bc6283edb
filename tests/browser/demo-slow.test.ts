// The demo on a telephone's network: what comes when, what is downloaded for it, and what is said meanwhile.
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';

import { launchChromium } from './chromium.js';
import { answered, writeSite } from './demo-site.js';
import { isolation } from './server.js';
import { phone, readSite, startSlowServer, type Line, type Site, type SlowServer } from './slow-network.js';

/** Fast enough for a test of what is asked for, not when. */
const fast: Line = { rate: 20_000_000, roundTrip: 20 };

let site: Site;
let browser: Browser;
let server: SlowServer;
beforeAll(async () => {
  const folder = await writeSite();
  site = await readSite(folder);
  await rm(folder, { recursive: true });
  browser = await launchChromium();
}, 180_000);
afterEach(() => server.close());
afterAll(() => browser?.close());

async function visit(line: Line, headers: Readonly<Record<string, string>>): Promise<Page> {
  server = await startSlowServer(site, line, headers);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.addInitScript(watchShifts);
  await page.goto(`${server.origin}/`, { waitUntil: 'commit' });
  return page;
}

/** Runs in the page: adds up what moves while it loads. */
function watchShifts(): void {
  const page = globalThis as unknown as { shift: number };
  page.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
      page.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
}

const isWeights = ({ path }: SlowServer['log'][number]) => path.endsWith('model.safetensors');

it('paints at once, says how much there is to come, and answers once the weights are there', async () => {
  const page = await visit(phone, isolation);
  await page.waitForSelector('#loading-text:has-text("Loading Built-in, 3.4 MB")');
  await page.waitForSelector(
    '#loading-detail:text-matches("^[\\\\d.]+ MB of 3\\\\.4 MB, about \\\\d+ s left$")',
  );
  // In the first view of a telephone.
  const bottom = await page.locator('#loading').evaluate((box) => box.getBoundingClientRect().bottom);
  expect(bottom).toBeLessThan(844);
  await answered(page);
  const seconds = (await page.evaluate(() => performance.now())) / 1000;

  const before = server.log.slice(0, server.log.findIndex(isWeights));
  const weights = server.log.find(isWeights)!;
  const others = before.reduce((sum, { bytes }) => sum + bytes, 0);
  // The line itself takes 18 seconds; the rest is round trips, and a processor that others use, too.
  expect(weights.bytes + others).toBeLessThan(3_570_000);
  expect(seconds).toBeLessThan((weights.bytes + others) / phone.rate + 10);
  const [paint] = await page.evaluate(() =>
    performance.getEntriesByName('first-contentful-paint').map(({ startTime }) => startTime),
  );
  expect(paint).toBeLessThan(3000);
  expect(await page.evaluate(() => (globalThis as unknown as { shift: number }).shift)).toBeLessThanOrEqual(
    0.01,
  );
  await page.context().close();
}, 90_000);

it('asks for all modules of the first view at once, not for one after another', async () => {
  const page = await visit(fast, isolation);
  await answered(page);
  const imported = await page
    .locator('link[rel=modulepreload]')
    .evaluateAll((links) => links.map((link) => new URL((link as HTMLLinkElement).href).pathname));
  expect(imported).toContain('/dist/index.js');
  const paths = server.log.map(({ path }) => path);
  const samples = paths.findIndex((path) => path.startsWith('/samples/'));
  // The page's script begins with the samples. What it imports later, of itself or the package, is rarely wanted, but for
  // the built-in model's configuration.
  const later = paths
    .slice(samples, server.log.findIndex(isWeights))
    .filter((path) => /\/(part|chunk)-\w+\.js$/.test(path));
  expect(later.length).toBeLessThanOrEqual(1);
  await page.context().close();
}, 90_000);

it('asks for the weights once where it has to begin again for threads', async () => {
  const page = await visit(fast, {});
  await page.waitForFunction(() => crossOriginIsolated);
  await answered(page);
  expect(await page.innerText('#info')).toMatch(/threads/);
  expect(server.log.filter(isWeights)).toHaveLength(1);
  await page.context().close();
}, 90_000);

it('can be cancelled, says what there is instead, and goes on when asked', async () => {
  const page = await visit({ rate: 400_000, roundTrip: 20 }, isolation);
  await page.waitForSelector('#loading-detail:has-text("of 3.4 MB")');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.waitForSelector('#loading-text:has-text("Choose a model below")');
  expect(await page.isVisible('#cancel')).toBe(false);
  expect(await page.isVisible('#model-error')).toBe(false);
  await page.getByRole('button', { name: 'Built-in' }).click();
  await answered(page);
  await page.context().close();
}, 90_000);
