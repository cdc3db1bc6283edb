// The demo page as `npm start` serves it.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { inChromium } from './chromium.js';
import { opaquePicture, pack, type PackedPicture } from './picture.js';

const root = new URL('../../', import.meta.url);
const chromium = inChromium();
let server: ChildProcess;
let origin: string;

/** The server of `npm start`, without the build. */
beforeAll(async () => {
  const program =
    "import { serve } from './scripts/serve.mjs'; console.log((await serve(0)).address().port);";
  server = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: fileURLToPath(root) });
  const port = await new Promise<string>((resolve, reject) => {
    server.stdout?.on('data', (data: Buffer) => resolve(String(data).trim()));
    server.stderr?.on('data', (data: Buffer) => reject(new Error(String(data))));
  });
  origin = `http://localhost:${port}`;
});

afterAll(() => {
  server.kill();
});

/** Runs in the page: a PNG file with exactly these pixels. */
async function png({ data, width, height }: PackedPicture): Promise<number[]> {
  const canvas = new OffscreenCanvas(width, height);
  const bytes = Uint8ClampedArray.from(atob(data), (byte) => byte.charCodeAt(0));
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
  const blob = await canvas.convertToBlob();
  return Array.from(new Uint8Array(await blob.arrayBuffer()));
}

it('classifies a chosen picture with the built-in model as Node does, and a dropped-in model folder after it', async () => {
  const page = await chromium.open();
  await page.goto(origin);
  const answers = page.locator('#answers li:not(.stale *)');
  const picture = opaquePicture(320, 200);
  const name = 'a test.png';
  const buffer = Buffer.from(await page.evaluate(png, pack(picture)));
  await page.setInputFiles('#picture-file', { name, mimeType: 'image/png', buffer });
  await page.waitForFunction(
    (wanted) =>
      document.querySelector('#picture-name')?.textContent?.startsWith(wanted) &&
      document.querySelectorAll('#answers:not(.stale) li').length === 5,
    name,
  );

  const model = await load();
  const expected = await model.classify(picture, { topK: 5 });
  model.dispose();
  const shown = async (part: string) =>
    (await answers.locator(part).allTextContents()).map((text) => text.trim());
  expect(await shown('.label')).toEqual(expected.map(({ label }) => label));
  expect(await shown('.percent')).toEqual(
    expected.map(({ probability }) => `${(100 * probability).toFixed(1)} %`),
  );
  expect(await page.locator('#info').textContent()).toContain('32 × 32');

  const files = await Promise.all(
    ['config.json', 'preprocessor_config.json', 'model.safetensors'].map(async (file) =>
      Array.from(await readFile(new URL(`models/three-blocks/${file}`, fixtures))),
    ),
  );
  await page.evaluate(([config, preprocessor, weights]) => {
    const dropped = new DataTransfer();
    const add = (bytes: number[], file: string) => dropped.items.add(new File([new Uint8Array(bytes)], file));
    add(config, 'config.json');
    add(preprocessor, 'preprocessor_config.json');
    add(weights, 'model.safetensors');
    document.body.dispatchEvent(
      new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }),
    );
  }, files);
  await page.waitForFunction(() => document.querySelector('#info')?.textContent?.includes('3 of width'));
  await page.waitForFunction(
    (before) => document.querySelector('#answers:not(.stale) .label')?.textContent !== before,
    expected[0].label,
  );
});

it('tells in a sentence that a file is no picture', async () => {
  const page = await chromium.open();
  await page.goto(origin);
  const buffer = Buffer.from('This is text.');
  await page.setInputFiles('#picture-file', { name: 'notes.png', mimeType: 'image/png', buffer });
  const error = page.locator('#picture-error:visible');
  await error.waitFor();
  expect(await error.textContent()).toBe('"notes.png" is not a picture that this browser can read.');
});
