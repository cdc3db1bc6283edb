// examples/words in Chromium: typed classes beside its own camera, and photographs in the order of a text.
import { describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';
import type { Page } from 'playwright-core';

import { fixtures } from '../golden/fixtures.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { chromiumFlags, dist, inChromium } from './chromium.js';

const camera = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
const chromium = inChromium(
  {
    '/dist/': dist,
    '/examples/': new URL('../../examples/', import.meta.url),
    '/zero-shot/': new URL('zero-shot/', fixtures),
  },
  {},
  [...chromiumFlags, ...camera],
);

const model = '?model=/zero-shot/clip/';
const alertOf = (page: Page) => page.locator('[role=alert]');
const untrusted = '<img src=x onerror="document.title=1">';

describe('classes beside a camera', () => {
  const listed = (page: Page) => page.locator('ol li').allInnerTexts();

  it('answers by what is written, and by what is written then', async () => {
    const page = await chromium.open(`/examples/words/${model}`);
    await page.fill('#labels', `a cat\n\n  ${untrusted}\na cat`);
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForSelector('ol meter');
    // As text, and each but once.
    expect((await listed(page)).map((text) => text.trim()).sort()).toEqual([untrusted, 'a cat'].sort());
    expect(await page.title()).toContain('vit-wasm');

    await page.fill('#labels', 'rain\nsnow\na street');
    await page.waitForFunction(() => document.querySelectorAll('ol meter').length === 3);
    const values = await page
      .locator('ol meter')
      .evaluateAll((all) => all.map((one) => (one as HTMLMeterElement).value));
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
    expect(await alertOf(page).innerText()).toBe('');

    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Start' }).waitFor();
  });

  it('says what is wrong with classes, and keeps the ones before', async () => {
    const page = await chromium.open(`/examples/words/${model}`);
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForSelector('ol meter');
    await page.fill('#template', 'no place');
    await page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent);
    expect(await alertOf(page).innerText()).toContain('template is "no place"');
    expect(await listed(page)).toHaveLength(6);
    await page.fill('#template', '{}');
    await page.waitForFunction(() => !document.querySelector('[role=alert]')?.textContent);
  });

  it('says when there is no such model, and starts again', async () => {
    const page = await chromium.open('/examples/words/?model=/zero-shot/none/');
    const button = page.getByRole('button');
    await button.click();
    await page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent);
    expect(await alertOf(page).innerText()).toContain('/zero-shot/none/');
    await page.getByRole('button', { name: 'Start' }).waitFor();
  });
});

/** Photographs of one color each, as PNG. */
async function photographs(page: Page, colors: string[]) {
  const files = await page.evaluate(async (all) => {
    return await Promise.all(
      all.map(async (color) => {
        const canvas = new OffscreenCanvas(40, 30);
        const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
        context.fillStyle = color;
        context.fillRect(0, 0, 40, 30);
        return Array.from(new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()));
      }),
    );
  }, colors);
  return files.map((bytes, at) => ({
    name: `${colors[at]}.png`,
    mimeType: 'image/png',
    buffer: Buffer.from(bytes),
  }));
}

describe('a search among photographs', () => {
  it('brings the one that fits best to the front, and names what is no picture', async () => {
    const page = await chromium.open(`/examples/words/search.html${model}`);
    const colors = ['red', 'green', 'blue', 'white'];
    const broken = { name: untrusted, mimeType: 'image/png', buffer: Buffer.from('no picture') };
    await page.setInputFiles('#files', [broken, ...(await photographs(page, colors))]);
    await page.waitForFunction(() => document.querySelectorAll('figure').length === 4);
    expect(await alertOf(page).innerText()).toContain(`${untrusted}: `);

    const text = 'a tabby cat';
    await page.fill('#words', text);
    await page.waitForFunction(() => document.querySelector('figure')?.title);
    const shown = await page.locator('figcaption').allInnerTexts();
    expect(shown).toEqual((await rankedByNode(colors, text)).map((color) => `${color}.png`));
    expect(await page.title()).toContain('vit-wasm');
  });

  it('says when there is no such model', async () => {
    const page = await chromium.open('/examples/words/search.html?model=/zero-shot/none/');
    await page.setInputFiles('#files', await photographs(page, ['red']));
    await page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent);
    expect(await alertOf(page).innerText()).toContain('/zero-shot/none/');
  });
});

/** Colors by their cosines with a text, the largest first. */
async function rankedByNode(colors: readonly string[], text: string): Promise<string[]> {
  const rgb: Record<string, number[]> = {
    red: [255, 0, 0],
    green: [0, 128, 0],
    blue: [0, 0, 255],
    white: [255, 255, 255],
  };
  const loaded = await load(zeroShotFolder(zeroShotModels[0]), { dtype: 'int8' });
  const query = await loaded.embedText(text, { normalize: true });
  const cosines = new Map<string, number>();
  for (const color of colors) {
    const data = Uint8ClampedArray.from({ length: 40 * 30 * 4 }, (_, i) => [...rgb[color], 255][i % 4]);
    const vector = await loaded.embed({ data, width: 40, height: 30 }, { normalize: true });
    cosines.set(
      color,
      vector.reduce((sum, value, i) => sum + value * query[i], 0),
    );
  }
  loaded.dispose();
  return [...colors].sort((a, b) => (cosines.get(b) ?? 0) - (cosines.get(a) ?? 0));
}
