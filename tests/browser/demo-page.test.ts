// The demo as a page: links, languages, accessibility, weight, layout, long tasks, offline, and hosts without headers.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { brotliCompressSync } from 'node:zlib';
import type { Page } from 'playwright-core';

import { answered, answersOf, hosted, inDemo, openTab, place } from './demo-site.js';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tabs = ['Classify', 'Look inside', 'Words', 'Teach', 'Compare', 'Same as Python'];

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** What axe finds serious on the page as it is now. */
async function serious(page: Page): Promise<string[]> {
  const findings = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(context: object, options: object): Promise<{ violations: Finding[] }> };
    };
    // The thousand rows of the classes are all alike.
    const around = { exclude: ['#classes li:nth-child(n + 3)'] };
    return (await axe.run(around, { resultTypes: ['violations'] })).violations;
  });
  return findings
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

describe('on a host with the headers', () => {
  const demo = inDemo();

  it('is accessible in every tab and view, in light and in dark', async () => {
    const page = demo.page();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.evaluate(axeSource);
    await page.locator('#snippet').evaluate((details) => ((details as HTMLDetailsElement).open = true));
    const found: Record<string, string[]> = {};
    const look = async (state: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        found[`${state}, ${colorScheme}`] = await serious(page);
      }
    };
    for (const name of tabs) {
      await openTab(page, name);
      await page.waitForFunction(
        () => document.querySelector('[role=tabpanel]:not([hidden])')!.children.length > 0,
      );
      await look(name);
    }
    await openTab(page, 'Look inside');
    for (const name of ['Why?', 'Similar patches', 'As the model sees it', 'Layer by layer']) {
      await page.getByRole('radio', { name, exact: true }).check({ force: true });
      await page.waitForFunction(() => document.querySelector('#look-text')!.textContent !== '');
      await look(name);
    }
    await page.setInputFiles('#picture-file', {
      name: 'a.png',
      mimeType: 'image/png',
      buffer: Buffer.from('x'),
    });
    await page.waitForSelector('#picture-error:not([hidden])');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await look('drawing');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((state) => [state, []])));
    await openTab(page, 'Classify');
  }, 240_000);

  it('fits from 320 pixels to 4K', async () => {
    const page = demo.page();
    for (const width of [320, 390, 768, 3840]) {
      await page.setViewportSize({ width, height: 900 });
      for (const name of tabs) {
        await openTab(page, name);
        expect([width, name, await widthOf(page)]).toEqual([width, name, width]);
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('is used by the keyboard alone: arrows move among tabs', async () => {
    const page = demo.page();
    await openTab(page, 'Classify');
    await page.keyboard.press('ArrowRight');
    expect(await page.getAttribute('#tab-look', 'aria-selected')).toBe('true');
    await page.keyboard.press('End');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('tab-python');
    await page.keyboard.press('Home');
    await page.locator('#classes').focus();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('classes');
  });

  it('does not move while it loads, and weighs little', async () => {
    const page = await (await demo.context()).newPage();
    await page.addInitScript(() => {
      const seen = ((globalThis as unknown as { shifts: number[] }).shifts = []) as number[];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
          seen.push(entry.value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(demo.server().origin + place);
    await answered(page);
    await page.waitForSelector('#time-inference:text("ms")');
    const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts);
    expect(shifts.reduce((sum, value) => sum + value, 0)).toBeLessThanOrEqual(0.01);

    const loaded = await page.evaluate(() =>
      [location.href, ...performance.getEntriesByType('resource').map(({ name }) => name)].filter(
        (address) => !address.includes('/builtin/') && !address.startsWith('blob:'),
      ),
    );
    let own = 0;
    let all = 0;
    for (const address of new Set(loaded)) {
      const body = Buffer.from(await (await fetch(address)).arrayBuffer());
      const bytes = /\.(jpg|webp|png)$/.test(address) ? body.length : brotliCompressSync(body).length;
      if (!address.includes('/samples/')) all += bytes;
      if (!address.includes('/dist/') && !address.includes('/samples/')) own += bytes;
    }
    expect(own).toBeLessThan(20_000);
    expect(all).toBeGreaterThan(own + 50_000);
    expect(all).toBeLessThan(160_000);
  });

  it('has a picture for pages that link to it', async () => {
    const html = await (await fetch(demo.server().origin + place)).text();
    const [, image] = /<meta property="og:image" content="([^"]*)"/.exec(html)!;
    expect(image).toBe(`${hosted}/screenshot.png`);
    expect((await fetch(demo.server().origin + place + 'screenshot.png')).status).toBe(200);
  });

  it('restores what a link says: model, sample, tab, view, layer and patch', async () => {
    const hash = '#model=./models/three-blocks/&sample=dog&tab=look&look=similar&layer=2&patch=1,2';
    const page = await demo.open(hash);
    await page.waitForSelector('#look-text:has-text("The brighter a patch")');
    expect(await page.innerText('#in-use')).toBe('./models/three-blocks/');
    expect(await page.innerText('#picture-name')).toContain('A dog');
    expect(await page.inputValue('#layer')).toBe('2');
    for (const part of hash.slice(1).split('&')) expect(new URL(page.url()).hash).toContain(part);
  });

  it('speaks Chinese to those who do, and English when asked', async () => {
    const page = await demo.open('', { locale: 'zh-CN' });
    await page.waitForSelector('#picture-name:text("一杯咖啡")');
    expect(await page.getAttribute('html', 'lang')).toBe('zh');
    expect(await page.innerText('#tab-look')).toBe('看内部');
    expect(await page.getAttribute('#search', 'placeholder')).toBe('搜索类别');
    await page.fill('#address', './models/nothing/');
    await page.press('#address', 'Enter');
    await page.waitForSelector('#model-error:has-text("找不到模型的文件。")');
    expect(await page.innerText('#model-error')).toContain('config.json');
    await page.getByRole('button', { name: 'English' }).click();
    await page.waitForSelector('#picture-name:text("A cup of coffee")');
    expect(new URL(page.url()).hash).toContain('lang=en');
  });

  it('says that a browser is too old', async () => {
    const page = await (await demo.context()).newPage();
    await page.addInitScript(() => {
      WebAssembly.validate = () => false;
    });
    await page.goto(demo.server().origin + place);
    await page.waitForSelector('#model-error:has-text("no WebAssembly SIMD")');
  });

  it('lets visitors who save data choose before anything is downloaded', async () => {
    const page = await (await demo.context()).newPage();
    await page.addInitScript(() => {
      Object.defineProperty(navigator, 'connection', { value: { saveData: true } });
    });
    await page.goto(demo.server().origin + place);
    await page.waitForSelector('#loading-text:has-text("Built-in, is 3.4 MB")');
    await page.getByRole('button', { name: 'Built-in' }).click();
    await answered(page, 'A cup of coffee');
  });
});

describe('on a host without them', () => {
  const demo = inDemo({});

  it('has threads by a service worker, works offline after one visit, and can do without', async () => {
    const context = await demo.context();
    const page = await context.newPage();
    await page.goto(demo.server().origin + place);
    await page.waitForFunction(() => crossOriginIsolated);
    await answered(page);
    expect(await page.innerText('#info')).toMatch(/threads/);
    await page.waitForSelector('#offline-text:has-text("It reloaded the page once")');
    const answers = await answersOf(page);
    // `waitForFunction` would take the promise itself for an answer.
    const isKept = async () => {
      const list = (await (await fetch('files.json')).json()) as string[];
      const cache = await caches.open('vit-wasm-demo');
      const kept = await Promise.all(list.map((file) => cache.match(new URL(file, location.href))));
      return kept.every(Boolean);
    };
    while (!(await page.evaluate(isKept))) await page.waitForTimeout(100);

    await context.setOffline(true);
    await page.reload();
    await answered(page, 'A cup of coffee');
    expect(await answersOf(page)).toEqual(answers);
    await openTab(page, 'Same as Python');
    await page.waitForSelector('#python-state:has-text("Every pixel")');
    await context.setOffline(false);
    demo.problems();

    await page.getByRole('button', { name: 'Switch it off' }).click();
    await page.waitForSelector('#offline-text:has-text("switched off")');
    await page.reload();
    await answered(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    expect(await page.innerText('#reasons')).toMatch(/isolated/);
  });
});
