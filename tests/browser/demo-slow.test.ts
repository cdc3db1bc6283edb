// The demo on a telephone's network: what comes when, what is downloaded for it, and what is said meanwhile.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';

import { chromiumFlags, launchChromium } from './chromium.js';
import { answered, answersOf, openTab, pngOf, writeSite } from './demo-site.js';
import { isolation } from './server.js';
import {
  phone,
  readSite,
  startSlowServer,
  type Behavior,
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
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await server.close();
});
afterAll(() => browser?.close());

async function visit(line: Line, behavior: Behavior = {}): Promise<Page> {
  server = await startSlowServer(site, line, { headers: isolation, ...behavior });
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

const glanceFiles = ['config.json', 'preprocessor_config.json', 'model.safetensors'].map(
  (name) => `/models/first-glance/${name}`,
);
const weights = '/dist/builtin/model.safetensors';
const glanceWeights = '/models/first-glance/model.safetensors';
const rowsOf = (path: string) => server.log.filter((row) => row.path === path);
const bytesOf = (log: SlowServer['log']) => log.reduce((sum, { bytes }) => sum + bytes, 0);
const secondsIn = async (page: Page) => (await page.evaluate(() => performance.now())) / 1000;
/** Seconds in which a processor that others use, too, does the rest. */
const rest = 10;

/** Waits for a first glance's answers, whatever is loaded beside it. */
const glanced = (page: Page, timeout = 30_000) =>
  page.waitForSelector('main:has(#in-use:text-is("First glance")) #answers:not(.stale) li:nth-child(5)', {
    state: 'attached',
    timeout,
  });

const inUse = (page: Page, name: string) => page.waitForSelector(`#in-use:text-is("${name}")`);

/** Cancels what is being loaded: without an error. */
async function cancel(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.waitForSelector('#cancel', { state: 'hidden' });
  expect(await page.isVisible('#model-error')).toBe(false);
}

/** Holds the answers to a path back until `release`. */
function holding(held: string): { before: NonNullable<Behavior['before']>; release: () => void } {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  return { before: (path) => (path === held ? released : undefined), release };
}

it('answers within three seconds of the network', async () => {
  // Everything takes six times as long as on a telephone, so that the processor's part counts a sixth: others use it, too.
  const times = 6;
  const page = await visit({ rate: phone.rate / times, roundTrip: phone.roundTrip * times });
  await page.waitForFunction(() => document.querySelector('#answers .percent')?.textContent, undefined, {
    polling: 'raf',
    timeout: 60_000,
  });
  expect((await secondsIn(page)) / times).toBeLessThan(3);
}, 90_000);

it('paints at once, answers by a first glance, says how much there is to come, and answers again', async () => {
  const page = await visit(phone);
  await glanced(page);
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

  const before = server.log.slice(0, server.log.findIndex(({ path }) => path === weights) + 1);
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
}, 90_000);

it('has all scripts of the first view in one file, and names it', async () => {
  const page = await visit(fast);
  await answered(page);
  const imported = await page
    .locator('link[rel=modulepreload]')
    .evaluateAll((links) => links.map((link) => new URL((link as HTMLLinkElement).href).pathname));
  expect(imported).toEqual([expect.stringMatching(/^\/part-\w+\.js$/)]);
  // Beside it only the built-in model's configuration, which the package has as a script.
  const paths = server.log.map(({ path }) => path);
  const parts = paths.slice(0, paths.indexOf(weights)).filter((path) => /\/part-\w+\.js$/.test(path));
  expect(parts).toEqual([...imported, expect.any(String)]);
}, 90_000);

it('begins again for threads before its scripts have come, and asks for the weights once', async () => {
  let release!: () => void;
  const begunAgain = new Promise<void>((resolve) => (release = resolve));
  const page = await visit(fast, {
    headers: {},
    before: (path) => {
      if (rowsOf('/').length === 2) release();
      return path.startsWith('/part-') ? begunAgain : undefined;
    },
  });
  await page.waitForFunction(() => crossOriginIsolated);
  await answered(page);
  expect(await page.innerText('#info')).toMatch(/threads/);
  expect(rowsOf(weights)).toHaveLength(1);
}, 90_000);

describe('the first glance', () => {
  const noStore = /\/first-glance\//;

  /** What it answers where it is chosen, and so not asked for early. */
  let right: string[] | undefined;
  async function answersWhereChosen(): Promise<string[]> {
    const page = await visit(fast);
    await answered(page);
    await page.getByRole('button', { name: 'First glance' }).click();
    await glanced(page);
    const answers = await answersOf(page);
    await server.close();
    return answers;
  }

  it('is asked for once, before all scripts', async () => {
    const page = await visit(fast, { noStore });
    await answered(page);
    for (const file of glanceFiles) {
      // After an answer it is asked for once more, to be kept for offline use.
      const before = server.log.slice(
        0,
        server.log.findIndex(({ path }) => path === weights),
      );
      expect(before.filter(({ path }) => path === file)).toHaveLength(1);
      const asked = server.log.findIndex(({ path }) => path === file);
      expect(asked).toBeLessThan(server.log.findIndex(({ path }) => path.endsWith('.wasm')));
    }
  }, 90_000);

  const names = glanceFiles.map((path) => path.split('/').at(-1)!);
  it.each(names.flatMap((name) => [503, 'half' as const].map((fault) => ({ name, fault }))))(
    'is right where $name fails once ($fault)',
    async ({ name, fault }) => {
      right ??= await answersWhereChosen();
      let failed = false;
      const { before } = holding(weights);
      const page = await visit(fast, {
        noStore,
        before: (path) => {
          if (!path.endsWith(`/first-glance/${name}`) || failed) return before(path);
          failed = true;
          return fault;
        },
      });
      await glanced(page);
      expect(await answersOf(page)).toEqual(right);
      expect(failed).toBe(true);
    },
    90_000,
  );

  it('is asked for again where nothing has come for long, and not twice at a time', async () => {
    const { before } = holding(weights);
    let asked = 0;
    const page = await visit(fast, {
      noStore,
      before: (path) => (path === glanceWeights && asked++ === 0 ? new Promise(() => {}) : before(path)),
    });
    await page.waitForSelector('#loading-text:has-text("Loading First glance")');
    await page.waitForTimeout(500);
    expect(rowsOf(glanceWeights)).toHaveLength(1);
    await glanced(page, 60_000);
    expect(rowsOf(glanceWeights).map(({ isGone }) => isGone)).toEqual([true, false]);
  }, 90_000);

  it('can be cancelled before there is anything, says what there is, and is downloaded no more', async () => {
    const { before, release } = holding(glanceWeights);
    const page = await visit(fast, { before });
    await page.waitForSelector('#loading-text:has-text("Loading First glance, 0.26 MB")');
    await cancel(page);
    await page.waitForSelector('#loading-text:has-text("Choose a model below")');
    while (!rowsOf(glanceWeights)[0].isGone) await page.waitForTimeout(50);
    release();
    expect(rowsOf(weights)).toHaveLength(0);
  }, 90_000);

  it.each(['threads', 'dtype'])(
    'gives way to the built-in model when its %s change meanwhile',
    async (id) => {
      const { before, release } = holding(weights);
      const page = await visit(fast, { before });
      await glanced(page);
      await page.waitForSelector('#loading-text:has-text("Loading Built-in")');
      await page.selectOption(`#${id}`, id === 'threads' ? '1' : 'fp32');
      await page.waitForSelector('#loading-text:has-text("Loading Built-in")');
      release();
      await inUse(page, 'Built-in');
      await answered(page);
      if (id === 'threads')
        await page.waitForSelector('#info div:has(dt:text-is("Threads")) dd:text-is("1")');
    },
    90_000,
  );

  it('keeps the part of the picture, and is not taught', async () => {
    const { before, release } = holding(weights);
    const page = await visit(fast, { before });
    await glanced(page);
    await page.getByRole('button', { name: 'Crop' }).click();
    await page.waitForSelector('#crop', { state: 'visible' });
    await openTab(page, 'Teach');
    const files = { name: 'a.png', mimeType: 'image/png', buffer: await pngOf(page) };
    await page.locator('.teach-class input[type=file]').first().setInputFiles(files);
    await page.waitForSelector('#teach-error:has-text("The model is still loading.")');
    await openTab(page, 'Classify');
    release();
    await inUse(page, 'Built-in');
    await answered(page);
    expect(await page.isVisible('#crop')).toBe(true);
    const part = await answersOf(page);
    const shown = await page.innerText('#answers');
    await page.getByRole('button', { name: 'Crop' }).click();
    await page.waitForFunction((before) => {
      const list = document.querySelector<HTMLElement>('#answers:not(.stale)');
      return list !== null && list.innerText !== before;
    }, shown);
    expect(part).not.toEqual(await answersOf(page));
  }, 90_000);

  describe('stays', () => {
    /** It is a model like any other now: not sure, kept for offline use, taught, and no glance any more. */
    async function staysAsAModel(page: Page, release: () => void): Promise<void> {
      expect(await page.innerText('#in-use')).toBe('First glance');
      await page.waitForSelector('#unsure:has-text("Not sure")');
      const isKept = async () => {
        const list = (await (await fetch('files.json')).json()) as string[];
        const cache = await caches.open('vit-wasm-demo');
        const kept = await Promise.all(list.map((file) => cache.match(new URL(file, location.href))));
        return kept.every(Boolean);
      };
      release();
      while (!(await page.evaluate(isKept))) await page.waitForTimeout(100);
      await page.selectOption('#threads', '1');
      await page.waitForSelector('#info div:has(dt:text-is("Threads")) dd:text-is("1")');
      await answered(page);
      expect(await page.innerText('#in-use')).toBe('First glance');
      await openTab(page, 'Teach');
      const files = { name: 'a.png', mimeType: 'image/png', buffer: await pngOf(page) };
      await page.locator('.teach-class input[type=file]').first().setInputFiles(files);
      await page.waitForSelector('.teach-class .count:text-is("1")');
      await openTab(page, 'Classify');
      const texts = page.evaluate(
        () =>
          new Promise((resolve) => {
            const line = document.querySelector('#loading-text')!;
            new MutationObserver(() => resolve(line.textContent)).observe(line, { childList: true });
          }),
      );
      await page.getByRole('button', { name: 'Built-in' }).click();
      expect(await texts).toBe('Loading Built-in, 3.4 MB');
      await inUse(page, 'Built-in');
      await answered(page);
    }

    /** A picture of which it is not sure. */
    async function showShuttle(page: Page): Promise<void> {
      await page.getByRole('button', { name: 'A space shuttle', exact: true }).click();
      await page.waitForSelector('#picture-name:text("A space shuttle")');
      await glanced(page);
    }

    it('where the built-in model is cancelled', async () => {
      const { before, release } = holding(weights);
      const page = await visit(fast, { before });
      await glanced(page);
      await showShuttle(page);
      expect(await page.isVisible('#unsure')).toBe(false);
      await cancel(page);
      await staysAsAModel(page, release);
    }, 90_000);

    it('where the built-in model fails', async () => {
      const { before, release } = holding(weights);
      let fails = true;
      const page = await visit(fast, {
        before: async (path) => {
          await before(path);
          return path === weights && fails ? 403 : undefined;
        },
      });
      await glanced(page);
      await showShuttle(page);
      release();
      await page.waitForSelector('#model-error:has-text("403")');
      fails = false;
      await staysAsAModel(page, release);
    }, 90_000);
  });
});
