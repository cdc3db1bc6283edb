// The examples that need no bundler, in Chromium, when something goes wrong: each says what, in its page. Those that do:
// tests/consumers.
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { dist, inChromium } from './chromium.js';

const examples = new URL('../../examples/', import.meta.url);
const chromium = inChromium({ '/dist/': dist, '/examples/': examples });
/** A host that has lost the built-in model. */
const without = inChromium({
  '/dist/builtin/': (_, response) => response.writeHead(404).end(),
  '/dist/': dist,
  '/examples/': examples,
});

const noPicture = { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };

async function alertOf(page: Page): Promise<string> {
  await page.waitForSelector('[role=alert]:not(:empty)');
  return await page.locator('[role=alert]:not(:empty)').innerText();
}

it('minimal, without its model', async () => {
  const page = await without.open('/examples/minimal/');
  expect(await alertOf(page)).toContain('/dist/builtin/');
});

it('element, about a file that is no picture', async () => {
  const page = await chromium.open('/examples/element/');
  await page.waitForSelector('vit-classifier li');

  await page.setInputFiles('input', noPicture);
  expect(await alertOf(page)).toMatch(/\.$/);
});

it('webcam, without a camera, and offers to try again', async () => {
  const page = await chromium.open('/examples/webcam/');
  await page.getByRole('button', { name: 'Start' }).click();
  expect(await alertOf(page)).not.toBe('');
  await page.getByRole('button', { name: 'Start' }).waitFor();
});

describe('teach', () => {
  const said = (page: Page) =>
    page.waitForFunction(() => /[^…]/.test(document.querySelector('output')?.textContent ?? ''));

  it('about a file that is no picture, and counts no example', async () => {
    const page = await chromium.open('/examples/teach/');
    await page.setInputFiles('input[type=file]', noPicture);
    await said(page);
    expect(await page.locator('output').innerText()).toMatch(/picture|image/i);
    expect(await page.locator('li').count()).toBe(0);
  });

  it('without its model', async () => {
    const page = await without.open('/examples/teach/');
    await said(page);
    expect(await page.locator('output').innerText()).toContain('/dist/builtin/');
  });
});
