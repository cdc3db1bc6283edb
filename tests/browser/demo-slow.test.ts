// The demo on a telephone's network: what comes when, what is downloaded for it, and what is said meanwhile.
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';

import { chromiumFlags, launchChromium } from './chromium.js';
import { answered, writeSite } from './demo-site.js';
import { isolation } from './server.js';
import {
  phone,
  readSite,
  startSlowServer,
  type Line,
  type Site,
  type SlowServer,
  trust,
} from './slow-network.js';

/** Fast enough for a test of what is asked for, not when. */
const fast: Line = { rate: 20_000_000, roundTrip: 20 };

let site: Site;
let browser: Browser;
let server: SlowServer;
beforeAll(async () => {
  const folder = await writeSite();
  site = await readSite(folder);
  await rm(folder, { recursive: true });
  browser = await launchChromium([...chromiumFlags, trust]);
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

const isWeights = ({ path }: SlowServer['log'][number]) => path === '/dist/builtin/model.safetensors';
const bytesOf = (log: SlowServer['log']) => log.reduce((sum, { bytes }) => sum + bytes, 0);
const secondsIn = async (page: Page) => (await page.evaluate(() => performance.now())) / 1000;
/** Seconds in which a processor that others use, too, does the rest. */
const rest = 10;

it('paints at once, answers by a first glance, says how much there is to come, and answers again', async () => {
  const page = await visit(phone, isolation);
  await page.waitForSelector('#answers:not(.stale) li:nth-child(5)', { state: 'attached' });
  const first = await secondsIn(page);
  expect(await page.innerText('#in-use')).toBe('First glance');
  // Two round trips, for the page and its scripts, and the line's time: within three seconds.
  const line = (2 * phone.roundTrip) / 1000 + bytesOf(server.log.filter(({ sent }) => sent > 0)) / phone.rate;
  expect(line).toBeLessThan(2.75);
  expect(first).toBeLessThan(line + rest);
  // Its weights do not wait for the scripts that will need them.
  const paths = server.log.map(({ path }) => path);
  const weights = paths.indexOf('/models/first-glance/model.safetensors');
  expect(weights).toBeGreaterThan(0);
  expect(weights).toBeLessThan(paths.findIndex((path) => path.endsWith('.wasm')));

  await page.waitForSelector('#loading-text:has-text("This was a first glance. Loading Built-in, 3.4 MB")');
  await page.waitForSelector(
    '#loading-detail:text-matches("^[\\\\d.]+ MB of 3\\\\.4 MB, about \\\\d+ s left$")',
  );
  // In the first view of a telephone.
  const bottom = await page.locator('#loading').evaluate((box) => box.getBoundingClientRect().bottom);
  expect(bottom).toBeLessThan(844);
  await answered(page);
  const seconds = await secondsIn(page);
  expect(await page.innerText('#in-use')).toBe('Built-in');

  const before = server.log.slice(0, server.log.findIndex(isWeights) + 1);
  const bytes = bytesOf(before);
  // The line itself takes 19 seconds.
  expect(bytes).toBeLessThan(3_840_000);
  expect(seconds).toBeLessThan(bytes / phone.rate + rest);
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

it('can be cancelled: with a first glance that stays, and goes on when asked', async () => {
  const page = await visit({ rate: 400_000, roundTrip: 20 }, isolation);
  await page.waitForSelector('#loading-detail:has-text("of 3.4 MB")');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await answered(page);
  expect(await page.innerText('#in-use')).toBe('First glance');
  expect(await page.isVisible('#model-error')).toBe(false);
  await page.getByRole('button', { name: 'Built-in' }).click();
  await answered(page);
  expect(await page.innerText('#in-use')).toBe('Built-in');
  await page.context().close();
}, 90_000);

it('can be cancelled before there is anything, and says what there is', async () => {
  const page = await visit({ rate: 100_000, roundTrip: 20 }, isolation);
  await page.waitForSelector('#loading-text:has-text("Loading First glance, 0.26 MB")');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.waitForSelector('#loading-text:has-text("Choose a model below")');
  expect(await page.isVisible('#cancel')).toBe(false);
  expect(await page.isVisible('#model-error')).toBe(false);
  await page.context().close();
}, 90_000);
