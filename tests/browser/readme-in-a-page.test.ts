// The README's scripts in a page of Chromium, as they are written: with a real photograph and a real canvas. Only the Hub
// is answered from this machine. tests/readme.test.ts runs them in Node, and the commands.
import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

import type { Prediction } from '../../web/index.js';
import { deitTiny, photographs, sharedIsThere } from '../golden/fixtures.js';
import { folderOf, goldenModels } from '../golden/models.js';
import { dist, inChromium } from './chromium.js';
import type { Route } from './server.js';

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
const hub = 'https://huggingface.co';
const deitTinyPath = '/facebook/deit-tiny-patch16-224/resolve/main/';

const samples = new URL('../../examples/demo/samples/', import.meta.url);
const photographsHere = sharedIsThere ? photographs : samples;
/** Without the real weights the second script still runs, on a model of another size. */
const deitTinyHere = sharedIsThere ? deitTiny : folderOf(goldenModels[0]);

const page: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/html' }).end(
    `<!doctype html><script type="importmap">{ "imports": { "vit-wasm": "/package/index.js" } }</script>
     <img src="/photographs/cat.jpg"><canvas></canvas>`,
  );
};

describe('the scripts', () => {
  const routes = { '/package/': dist, '/photographs/': photographsHere, '/page/': page };
  const chromium = inChromium(routes);
  const [first, second, ...others] = [...readme.matchAll(/^```js\n([^]*?)^```/gm)].map(
    ([, code = '']) => code,
  );

  it('are two', () => expect([typeof first, typeof second, others.length]).toEqual(['string', 'string', 0]));

  it('the first says what is in the photograph', async () => {
    const [predictions] = (await printed(await chromium.open(), first)) as [Prediction[]];
    const [, label, index] = /label: '(.+?)', probability: …, index: (\d+)/.exec(first)!;
    expect(predictions).toHaveLength(3);
    expect(predictions[0]).toMatchObject({ label, index: Number(index) });
  });

  it('the second loads a model from the Hub, classifies and embeds', async () => {
    const tab = await chromium.open();
    await answerForHub(tab);
    const [predictions, length] = (await printed(tab, second)) as [Prediction[], number];
    expect(predictions.length).toBeGreaterThan(0);
    if (!sharedIsThere) return;
    expect(predictions).toHaveLength(5);
    expect(predictions[0].label).toMatch(/\bcat\b/);
    expect(length).toBe(Number(/embedding\.length\); \/\/ (\d+)/.exec(second)![1]));
  });
});

/** Runs a script in a page whose canvas shows the photograph; gives what it logs. */
async function printed(tab: Page, script: string): Promise<unknown[]> {
  await tab.evaluate(async () => {
    const photo = document.querySelector('img')!;
    await photo.decode();
    const canvas = document.querySelector('canvas')!;
    [canvas.width, canvas.height] = [photo.naturalWidth, photo.naturalHeight];
    canvas.getContext('2d')!.drawImage(photo, 0, 0);
  });
  const wanted = script.split('console.log(').length - 1;
  const logged: Promise<unknown>[] = [];
  const done = new Promise<void>((resolve, reject) => {
    tab.on('pageerror', reject);
    tab.on('console', (message) => {
      if (message.type() !== 'log') return;
      if (logged.push(message.args()[0].jsonValue()) === wanted) resolve();
    });
  });
  await Promise.all([done, tab.addScriptTag({ type: 'module', content: script })]);
  return await Promise.all(logged);
}

async function answerForHub(tab: Page): Promise<void> {
  await tab.route(`${hub}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const file = fileURLToPath(new URL(pathname.replace(deitTinyPath, ''), deitTinyHere));
    const headers = { 'Access-Control-Allow-Origin': '*' };
    if (!pathname.startsWith(deitTinyPath) || !existsSync(file))
      await route.fulfill({ status: 404, headers });
    else await route.fulfill({ path: file, headers });
  });
}
