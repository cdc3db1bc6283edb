// The pages of examples/: used as a visitor does.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { dist, inChromium } from './chromium.js';
import { opaquePicture, pack, type PackedPicture } from './picture.js';
import type { Route } from './server.js';

const golden = new URL('models/three-blocks/', fixtures);
const examples = new URL('../../examples/', import.meta.url);

const stalled: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Length': 1000 }).write('x');
};

/** The demo somewhere below the top of a static host, with the built files beside it. */
const chromium = inChromium({
  '/some/where/dist/': dist,
  '/some/where/models/': new URL('models/', fixtures),
  '/some/where/stalled/model.safetensors': stalled,
  '/some/where/stalled/': golden,
  '/some/where/': new URL('demo/', examples),
  '/dist/': dist,
  '/examples/': examples,
});

const picture = opaquePicture();
const problems: string[] = [];

/** Opens a page of the demo and waits for the answers to the photograph it starts with. */
async function openDemo(address = '/some/where/'): Promise<Page> {
  const page = await chromium.open(address);
  // Chromium tells violations of the page's policy, and scripts that did not load, on the console.
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.reload();
  await expectAnswersTo(page, 'A cup of coffee');
  return page;
}

async function expectAnswersTo(page: Page, name: string): Promise<void> {
  await page.waitForSelector(`#picture-name:text("${name}")`);
  await page.waitForSelector('#answers:not(.stale) li:nth-child(5)');
  expect(await page.locator('#answers li').count()).toBe(5);
}

function answersOf(page: Page): Promise<string[]> {
  return page.locator('#answers li').allInnerTexts();
}

/** What the page should say of the picture, from Node. */
async function expectedAnswers(path?: string): Promise<string[]> {
  const model = await load(path);
  const predictions = await model.classify(picture);
  model.dispose();
  return predictions.map(({ label, probability }) => `${label}\n${(100 * probability).toFixed(1)} %`);
}

/** The test's picture as a PNG, which the browser makes. */
async function pngOf(page: Page): Promise<Buffer> {
  const encode = async ({ data, width, height }: PackedPicture) => {
    const canvas = new OffscreenCanvas(width, height);
    const bytes = Uint8ClampedArray.from(atob(data), (byte) => byte.charCodeAt(0));
    canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
    return Array.from(new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()));
  };
  return Buffer.from(await page.evaluate(encode, pack(picture)));
}

async function choosePicture(page: Page): Promise<void> {
  const buffer = await pngOf(page);
  await page.setInputFiles('#picture-file', { name: 'chosen.png', mimeType: 'image/png', buffer });
  await expectAnswersTo(page, 'chosen.png');
}

describe('the demo as npm start serves it', () => {
  let server: HttpServer;
  beforeAll(async () => {
    const script = (await import(new URL('../../scripts/serve.mjs', import.meta.url).href)) as {
      serve(port: number): Promise<HttpServer>;
    };
    server = await script.serve(0);
  });
  afterAll(() => {
    server.close();
  });

  it('gives five answers to a chosen picture, those of Node', async () => {
    const page = await openDemo(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await choosePicture(page);
    expect(await answersOf(page)).toEqual(await expectedAnswers());
    expect(await page.innerText('#times')).toMatch(/\d ms.*\d ms/s);
    expect(await page.innerText('#info')).toMatch(/relaxed SIMD.*int8.*\d MB/s);
    expect(await page.textContent('#classes')).toMatch(/200 classes.*goldfish · .* · acorn/s);

    const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-demo-'));
    await page.screenshot({ path: join(folder, 'desktop.png'), fullPage: true });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: join(folder, 'mobile.png'), fullPage: true });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(problems).toEqual([]);
  });
});

describe('the demo on a static host', () => {
  it('takes dropped and pasted pictures', async () => {
    const page = await openDemo();
    const expected = await expectedAnswers();
    for (const [type, field] of [
      ['drop', 'dataTransfer'],
      ['paste', 'clipboardData'],
    ]) {
      const png = Array.from(await pngOf(page));
      await page.evaluate(bringPicture, { type, field, png, name: `${type}.png` });
      await expectAnswersTo(page, `${type}.png`);
      expect(await answersOf(page)).toEqual(expected);
    }
    expect(problems).toEqual([]);
  });

  it('draws what the model looked at, and why it named each answer', async () => {
    const page = await openDemo();
    /** How many pixels of the overlay show something, and a number that changes with the picture of it. */
    const overlay = () =>
      page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>('#overlay');
        const context = canvas?.getContext('2d');
        if (!canvas || !context) throw new Error('there is no overlay');
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        const drawn = data.filter((value, at) => at % 4 === 3 && value > 0).length;
        return { drawn, sum: data.reduce((sum, value, at) => (sum + value * (at % 997)) % 1e9, 0) };
      });
    const drawn = () =>
      page.waitForFunction(() => document.querySelector<HTMLCanvasElement>('#overlay')!.width > 1);
    expect((await overlay()).drawn).toBe(0);

    await page.getByRole('radio', { name: 'Attention' }).check();
    await drawn();
    const last = await overlay();
    expect(last.drawn).toBeGreaterThan(1000);
    await page.locator('#layer').fill('1');
    await page.waitForSelector('#look-text:text("layer 1 of 7")');

    await page.getByRole('radio', { name: 'Why?' }).check();
    await page.waitForSelector('#look-text:text("espresso")');
    await page.locator('#answers button').nth(1).click();
    const second = await page.locator('#answers button').nth(1).innerText();
    await page.waitForSelector(`#look-text:text("${second}")`);
    await drawn();
    expect(await overlay()).not.toEqual(last);

    await page.getByRole('radio', { name: 'Picture' }).check();
    await page.waitForFunction(() => document.querySelector<HTMLCanvasElement>('#overlay')!.width === 1);
    expect(problems).toEqual([]);
  });

  it('loads a chosen folder, and an address', async () => {
    const page = await openDemo();
    await choosePicture(page);
    const expected = await expectedAnswers(fileURLToPath(golden));
    await page.getByRole('radio', { name: 'Folder' }).check();
    await page.setInputFiles('#folder', fileURLToPath(golden));
    await page.waitForSelector('#in-use:text("three-blocks")');
    await expectAnswersTo(page, 'chosen.png');
    expect(await answersOf(page)).toEqual(expected);

    await page.getByRole('radio', { name: 'Built-in' }).check();
    await page.waitForSelector('#in-use:text("built-in")');
    await loadAddress(page, './models/three-blocks/');
    await page.waitForSelector('#in-use:text("./models/three-blocks/")');
    await expectAnswersTo(page, 'chosen.png');
    expect(await answersOf(page)).toEqual(expected);
    expect(page.workers()).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  it('tells what is wrong with an address, lets a load be cancelled, and keeps the model it has', async () => {
    const page = await openDemo();
    const before = await page.innerText('#in-use');
    await loadAddress(page, './nowhere/');
    await page.waitForSelector('#model-error:text("/some/where/nowhere/")');

    await loadAddress(page, './stalled/');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForSelector('#loading', { state: 'hidden' });
    expect(await page.isVisible('#model-error')).toBe(false);

    expect(await page.innerText('#in-use')).toBe(before);
    await choosePicture(page);
    expect(await answersOf(page)).toEqual(await expectedAnswers());
    // Chromium's own message for the missing file.
    expect(problems.splice(0)).toEqual(Array(problems.length).fill(expect.stringContaining('404')));
  });

  it('tells that a file is no picture', async () => {
    const page = await openDemo();
    const file = { name: 'text.png', mimeType: 'image/png', buffer: Buffer.from('text') };
    await page.setInputFiles('#picture-file', file);
    await page.waitForSelector('#picture-error:text("text.png")');
    await choosePicture(page);
    expect(await page.isVisible('#picture-error')).toBe(false);
    expect(problems).toEqual([]);
  });
});

async function loadAddress(page: Page, address: string): Promise<void> {
  await page.getByRole('radio', { name: 'Hub or URL' }).check();
  await page.fill('#address', address);
  await page.keyboard.press('Enter');
}

interface Bringing {
  /** The event, and the field of it that holds the files. */
  type: string;
  field: string;
  png: number[];
  name: string;
}

/** Runs in the page: what the browser does when a picture is dropped or pasted. */
function bringPicture({ type, field, png, name }: Bringing): void {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(png)], name, { type: 'image/png' }));
  const event = new Event(type, { bubbles: true, cancelable: true });
  document.body.dispatchEvent(Object.assign(event, { [field]: transfer }));
}

describe('the smallest page', () => {
  it('lists five answers to its canvas', async () => {
    const page = await chromium.open('/examples/minimal/');
    await page.waitForSelector('ol li:nth-child(5)');
    const labels = await page.locator('ol li').allInnerTexts();
    expect(labels).toEqual(Array(5).fill(expect.stringMatching(/^[\w '-]+ *$/)));
    const shares = await page
      .locator('ol meter')
      .evaluateAll((bars) => bars.map((bar) => +(bar as HTMLMeterElement).value));
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
    expect(shares[0]).toBeGreaterThan(0.1);
  });
});
