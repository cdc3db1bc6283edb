// The demo's inputs, its models and what it says when something is wrong: used as a visitor does.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { load } from 'vit-wasm';

import { makeZip } from '../formats/archives.js';
import { fixtures } from '../golden/fixtures.js';
import { answered, answersOf, golden, inDemo, openTab, pathOf, picture, pngOf } from './demo-site.js';
import { inChromium } from './chromium.js';

const demo = inDemo();

/** What the page should say of the picture, from Node. */
let ofBuiltin: Promise<string[]> | undefined;
const expectedAnswers = () => (ofBuiltin ??= answersOfModel());

async function answersOfModel(path?: string, dtype?: 'int8'): Promise<string[]> {
  const model = await load(path, { dtype });
  const predictions = await model.classify(picture);
  model.dispose();
  return predictions.map(({ label, probability }) => `${label}\n${(100 * probability).toFixed(1)} %`);
}

async function choose(page: Page, name = 'chosen.png', buffer?: Buffer, mimeType = 'image/png') {
  await page.setInputFiles('#picture-file', { name, mimeType, buffer: buffer ?? (await pngOf(page)) });
}

async function loadAddress(page: Page, address: string): Promise<void> {
  await page.fill('#address', address);
  await page.press('#address', 'Enter');
}

const refusedWith = (page: Page, text: string) => page.waitForSelector(`#picture-error:has-text("${text}")`);

interface Bringing {
  /** The event, and the field of it that holds the data. */
  type: string;
  field: string;
  png?: number[];
  name?: string;
  text?: string;
}

/** Runs in the page: what the browser does when something is dropped or pasted. */
function bring({ type, field, png, name, text }: Bringing): void {
  const transfer = new DataTransfer();
  if (png) transfer.items.add(new File([Uint8Array.from(png)], name ?? '', { type: 'image/png' }));
  if (text) for (const kind of ['text/plain', 'text/uri-list']) transfer.setData(kind, text);
  const event = new Event(type, { bubbles: true, cancelable: true });
  document.body.dispatchEvent(Object.assign(event, { [field]: transfer }));
}

const ways = [
  { type: 'drop', field: 'dataTransfer' },
  { type: 'paste', field: 'clipboardData' },
];

describe('pictures', () => {
  it('are answered as Node answers them, with where the time went', async () => {
    const page = demo.page();
    await choose(page);
    await answered(page, 'chosen.png');
    expect(await answersOf(page)).toEqual(await expectedAnswers());
    await page.waitForSelector('#time-inference:text("ms")');
    expect(await page.innerText('#times')).toMatch(
      /Decode\n.*ms.*Preprocess\n.*ms.*Inference\n.*ms.*First answer\n.*ms/s,
    );
    expect(await page.innerText('#info')).toMatch(/int8, 3.4 MB.*relaxed SIMD, threads/s);
    expect(await page.innerText('#reasons')).toMatch(/Threads: .* Kernels: .*\./);
  });

  it.each(ways)('come by $type', async (way) => {
    const page = demo.page();
    const name = `${way.type}.png`;
    await page.evaluate(bring, { ...way, png: Array.from(await pngOf(page)), name });
    await answered(page, name);
    expect(await answersOf(page)).toEqual(await expectedAnswers());
  });

  it.each(ways)('come as an address by $type', async (way) => {
    const page = demo.page();
    const text = new URL('/some/where/samples/cat.jpg', demo.server().origin).href;
    await page.evaluate(bring, { ...way, text });
    await answered(page, 'cat.jpg');
    expect((await answersOf(page))[0]).toMatch(/^tabby/);
    await page.evaluate(bring, { ...way, text: text.replace('cat.jpg', 'dog.jpg') });
    await answered(page, 'dog.jpg');
  });

  it('come from a field for addresses, and from samples', async () => {
    const page = demo.page();
    await page.fill('#picture-address', 'samples/pizza.jpg');
    // A relative address is none that a person would paste, but is where the test has one.
    await page.$eval('#picture-address', (field) => ((field as HTMLInputElement).type = 'text'));
    await page.getByRole('button', { name: 'Fetch' }).click();
    await answered(page, 'pizza.jpg');
    await page.getByRole('button', { name: 'A space shuttle', exact: true }).click();
    await answered(page, 'A space shuttle');
    expect(new URL(page.url()).hash).toContain('sample=shuttle');
  });

  it.each([
    [400, 200],
    [3000, 2000],
  ])('of %d × %d pixels are shown as their camera was held', async (width, height) => {
    const page = demo.page();
    const jpeg = await page.evaluate(
      async ([width, height]) => {
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext('2d')!;
        context.fillStyle = 'red';
        context.fillRect(0, 0, width / 2, height);
        context.fillStyle = 'blue';
        context.fillRect(width / 2, 0, width / 2, height);
        return Array.from(
          new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer()),
        );
      },
      [width, height],
    );
    // After the start of the file, an Exif segment whose only entry is the orientation: 6, turned to the right.
    const exif = 'ffe10022457869660000' + '49492a0008000000' + '0100120103000100000006000000' + '00000000';
    const turned = Buffer.concat([
      Buffer.from(jpeg.slice(0, 2)),
      Buffer.from(exif, 'hex'),
      Buffer.from(jpeg.slice(2)),
    ]);
    await choose(page, `turned-${width}.jpg`, turned, 'image/jpeg');
    await answered(page, `turned-${width}.jpg, ${height} × ${width} pixels`);
    const shown = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#canvas')!;
      const { width, height } = canvas;
      const [red, , blue] = canvas.getContext('2d')!.getImageData(width / 2, height / 4, 1, 1).data;
      return { ratio: width / height, isRed: red > 200 && blue < 60 };
    });
    expect(shown.ratio).toBeCloseTo(height / width, 2);
    expect(shown.isRed).toBe(true);
  });

  it('are taken by a telephone, and what is seen is told to those who do not see', async () => {
    const page = demo.page();
    const buffer = await pngOf(page);
    await page.setInputFiles('#photo', { name: 'photo.png', mimeType: 'image/png', buffer });
    await answered(page, 'photo.png');
    expect(await page.getAttribute('#spoken', 'role')).toBe('status');
    const expected = (await expectedAnswers()).map((answer) => answer.replace('\n', ', ')).join('; ');
    expect(await page.textContent('#spoken')).toBe(expected);
  });

  it('come several at once, and stay in a row to come back to', async () => {
    const page = demo.page();
    const buffer = await pngOf(page);
    const before = await page.locator('#visit button').count();
    const files = ['one.png', 'two.png', 'three.png'].map((name) => ({
      name,
      mimeType: 'image/png',
      buffer,
    }));
    await page.setInputFiles('#picture-file', files);
    await answered(page, 'three.png');
    expect(await page.locator('#visit button').count()).toBe(before + 3);
    await page.getByRole('button', { name: 'Back to one.png' }).click();
    await answered(page, 'one.png');
  });

  it('are drawn, and answered after every stroke', async () => {
    const page = demo.page();
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    await answered(page, 'Your drawing');
    const blank = await answersOf(page);
    await page.fill('#pen-color', '#ff0000');
    await page.fill('#pen-width', '40');
    await page.locator('#stage').scrollIntoViewIfNeeded();
    const box = (await page.locator('#stage').boundingBox())!;
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 3);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 1.5, box.y + box.height / 1.5, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction((before) => {
      const list = document.querySelector<HTMLElement>('#answers:not(.stale)');
      return list?.children.length === 5 && !list.innerText.startsWith(before);
    }, blank.join('\n'));
    const thickness = await page.locator('#canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(canvas.width / 2, 0, 1, canvas.height);
      return data.filter((value, at) => at % 4 === 0 && value === 255 && data[at + 1] === 0).length;
    });
    expect(thickness).toBeGreaterThan(30);
    await page.getByRole('button', { name: 'Clear the canvas' }).click();
    await answered(page, 'Your drawing');
    await page.getByRole('button', { name: 'Draw', exact: true }).click();
    expect(await page.isVisible('#drawing')).toBe(false);
  });

  it('are cropped with the pointer and the keyboard, and the crop is what is answered', async () => {
    const page = demo.page();
    await choose(page);
    await answered(page, 'chosen.png');
    await page.getByRole('button', { name: 'Crop' }).click();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Shift+ArrowDown');
    await answered(page);
    const { width, height } = picture;
    const region = {
      x: Math.floor(width / 4 - width / 20),
      y: Math.floor(height / 4),
      width: Math.round(width / 2),
      height: Math.round(height / 2 + height / 20),
    };
    const model = await load();
    const [best] = await model.classify(picture, { region });
    model.dispose();
    await page.waitForFunction(
      (label) => document.querySelector('#answers .label')?.textContent === label,
      best.label,
    );
    await page.getByRole('button', { name: 'Crop' }).click();
    expect(await page.isVisible('#crop')).toBe(false);
  });

  it('come from the camera, mirrored, with a rate; and one can be taken', async () => {
    const page = demo.page();
    await page.getByRole('button', { name: 'Camera', exact: true }).click();
    await page.waitForSelector('#rate:has-text("answers per second")');
    expect(await page.locator('#video').evaluate((video) => getComputedStyle(video).transform)).toMatch(
      /matrix\(-1/,
    );
    await page.getByRole('button', { name: 'Take this picture' }).click();
    await answered(page, 'from the camera');
    expect(await page.isVisible('#video')).toBe(false);
  });

  it('are found in the list of classes, with their probabilities', async () => {
    const page = demo.page();
    await page.getByRole('button', { name: 'A tabby cat', exact: true }).click();
    await answered(page, 'A tabby cat');
    await page.fill('#search', 'cat');
    await page.waitForSelector('#found:text-matches("^\\\\d of 200")');
    expect(await page.innerText('#classes li >> nth=0')).toMatch(/tabby cat\s+\d+\.\d %/);
    await page.fill('#search', '');
    await page.waitForSelector('#found:text("200 of 200")');
  });
});

describe('what is wrong with a picture', () => {
  it.each([
    ['text.png', 'text', 'image/png', 'is not a picture'],
    ['empty.png', '', 'image/png', 'is empty'],
    ['photo.heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'image/heic', 'is HEIC'],
    [
      'drawing.svg',
      '<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>',
      'image/svg+xml',
      'says no size',
    ],
    ['notes.txt', 'text', 'text/plain', 'neither a picture nor a model'],
  ])('%s', async (name, content, mimeType, sentence) => {
    const page = demo.page();
    await choose(page, name, Buffer.from(content, 'latin1'), mimeType);
    await refusedWith(page, sentence);
    // The old answers would be taken for the new file's.
    expect(await page.locator('#answers li').count()).toBe(0);
    expect(await page.innerText('#picture-name')).toBe('');
    await choose(page);
    await answered(page, 'chosen.png');
    expect(await page.isVisible('#picture-error')).toBe(false);
  });

  it('an SVG that says its size is a picture', async () => {
    const page = demo.page();
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><circle r="30" fill="red"/></svg>';
    await choose(page, 'circle.svg', Buffer.from(svg), 'image/svg+xml');
    await answered(page, 'circle.svg, 90 × 60');
  });

  it.each([
    ['samples/none.jpg', 'status 404'],
    ['index.html', 'not the address of a picture'],
    ['https://localhost:9/picture.jpg', 'does not let other pages read'],
  ])('the address %s', async (address, sentence) => {
    const page = demo.page();
    const text = new URL(address, `${demo.server().origin}/some/where/`).href;
    await page.evaluate(bring, { ...ways[0], text });
    await refusedWith(page, sentence);
    demo.problems(); // Chromium's own messages for what did not come.
  });

  it('a camera that is refused', async () => {
    const page = demo.page();
    await page.evaluate(() => {
      // The prototype's own method is seen again once this is deleted.
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    await page.getByRole('button', { name: 'Camera', exact: true }).click();
    await refusedWith(page, 'The camera was not allowed');
    await page.evaluate(() => Reflect.deleteProperty(navigator.mediaDevices, 'getUserMedia'));
  });
});

describe('models', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vit-wasm-drop-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function writeZip(): Promise<string> {
    const path = join(folder, 'three-blocks.zip');
    const files = (await readdir(golden)).map(async (name) => ({
      name: `three-blocks/${name}`,
      data: await readFile(new URL(name, golden)),
    }));
    await writeFile(path, makeZip(await Promise.all(files)));
    return path;
  }

  it('load from a folder, an archive and an address, in both precisions', async () => {
    const page = demo.page();
    await choose(page);
    await answered(page, 'chosen.png');
    await page.setInputFiles('#folder', pathOf(golden));
    await page.waitForSelector('#in-use:text("three-blocks")');
    await answered(page);
    expect(await answersOf(page)).toEqual(await answersOfModel(pathOf(golden), 'int8'));

    await loadAddress(page, './models/three-blocks/');
    await page.waitForSelector('#in-use:text("./models/three-blocks/")');
    await page.selectOption('#dtype', 'fp32');
    await page.waitForSelector('#info:has-text("fp32")');
    await answered(page);
    expect(await answersOf(page)).toEqual(await answersOfModel(pathOf(golden)));
    expect(new URL(page.url()).hash).toContain('model=./models/three-blocks/&dtype=fp32');
    await page.waitForSelector('#kept:has-text("downloads are kept")');
    await page.getByRole('button', { name: 'Delete downloads' }).click();
    await page.waitForSelector('#kept:text("No downloads")');
    await page.selectOption('#dtype', 'int8');
    await page.waitForSelector('#info:has-text("int8")');
    await page.selectOption('#threads', '1');
    await page.waitForSelector('#info div:has(dt:text-is("Threads")) dd:text-is("1")');
    await page.selectOption('#threads', 'auto');
  });

  it.each(['owner/name', 'https://huggingface.co/owner/name/tree/main'])(
    'load from the Hub: %s',
    async (address) => {
      const page = demo.page();
      await page.route('https://huggingface.co/**', async (route) => {
        const [, name] = /^https:\/\/huggingface\.co\/owner\/name\/resolve\/main\/([\w.]+)$/.exec(
          route.request().url(),
        )!;
        const body = await readFile(new URL(name, golden)).catch(() => undefined);
        const headers = { 'Access-Control-Allow-Origin': '*' };
        await route.fulfill(body ? { body, headers } : { status: 404, headers });
      });
      await choose(page);
      await loadAddress(page, address);
      await page.waitForSelector(`#in-use:text-is("${address}")`);
      await answered(page, 'chosen.png');
      expect(await answersOf(page)).toEqual(await answersOfModel(pathOf(golden), 'int8'));
      expect(new URL(page.url()).hash).toBe(`#model=${address}`);
      await page.unroute('https://huggingface.co/**');
      await page.getByRole('button', { name: 'Delete downloads' }).click();
      await page.waitForSelector('#kept:text("No downloads")');
      demo.problems(); // Chromium's own messages for files that a repository need not have.
    },
  );

  it.each([
    ['a folder', () => pathOf(golden).replace(/\/$/, ''), 'three-blocks'],
    ['a .npz', () => pathOf(new URL('npz/augreg.npz', fixtures)), 'augreg.npz'],
    ['a .zip', writeZip, 'three-blocks.zip'],
  ])('load from %s that is dropped', async (_, write, name) => {
    const page = demo.page();
    const path = await write();
    // What a mouse would do: a DataTransfer that a script makes has no folders.
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [path], dragOperationsMask: 1 };
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
      session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    await drag('dragEnter');
    await drag('dragOver');
    // A drop counts only once the browser has heard that the page takes it.
    await page.waitForSelector('body.dropping');
    await drag('dragOver');
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
    await drag('drop');
    await session.detach();
    await page.waitForSelector(`#in-use:text-is("${name}")`);
    await answered(page);
    // Loaded again, in the other precision: the files are still there.
    await page.selectOption('#dtype', 'fp32');
    await page.waitForSelector('#info:has-text("fp32")');
    await page.selectOption('#dtype', 'int8');
    await page.waitForSelector('#info:has-text("int8")');
    await answered(page);
    expect(new URL(page.url()).hash).not.toContain('model=');
  });

  it('that cannot be had are explained, can be cancelled, and leave the one in use', async () => {
    const page = demo.page();
    const before = await page.innerText('#in-use');
    await loadAddress(page, './nowhere/');
    await page.waitForSelector('#model-error:text("/some/where/nowhere/")');
    demo.problems(); // Chromium's own message for the missing file.

    await loadAddress(page, './stalled/');
    await page.waitForSelector('#loading:has-text("Loading ./stalled/")');
    // In the answers card, and in view.
    expect(
      await page.locator('#panel #loading').evaluate((box) => box.getBoundingClientRect().top < innerHeight),
    ).toBe(true);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForSelector('#loading', { state: 'hidden' });
    expect(await page.isVisible('#model-error')).toBe(false);

    await page.route('https://huggingface.co/**', (route) => route.abort());
    await page.getByRole('button', { name: 'DeiT-Tiny' }).click();
    await page.waitForSelector('#model-error:has-text("huggingface.co")', { timeout: 30_000 });
    demo.problems();
    expect(await page.innerText('#in-use')).toBe(before);
  });

  it('say on their buttons what is downloaded, what they know, and their license', async () => {
    const page = demo.page();
    expect(await page.getByRole('button', { name: 'ViT-Base' }).innerText()).toMatch(
      /346 MB\s+1,000 things \(ImageNet\)\s+81\.8 % top-1 · Apache 2.0/,
    );
    await page.getByRole('button', { name: 'Built-in' }).click();
    await page.waitForSelector('#in-use:text("Built-in")');
    await answered(page);
    expect(await page.getAttribute('.model-card[data-id=builtin]', 'aria-pressed')).toBe('true');
  });

  it('that are not sure say so', async () => {
    const page = demo.page();
    await choose(page, 'noise.png');
    await answered(page, 'noise.png');
    await page.waitForSelector('#unsure:has-text("Not sure")');
  });
});

it('gives code for what was done, which can be copied', async () => {
  const page = demo.page();
  await openTab(page, 'Look inside');
  await page.getByText('The code for this').click();
  await page.waitForSelector('#code:has-text("model.attention(picture, { layer: 6 })")');
  await page.getByRole('radio', { name: 'React' }).check({ force: true });
  expect(await page.innerText('#code')).toContain('useVit()');
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.waitForSelector('#copied:text("Copied.")');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await page.textContent('#code'));
  await openTab(page, 'Classify');
});

describe('the demo as npm start serves it', () => {
  const chromium = inChromium();
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

  it('gives five answers', async () => {
    const page = await chromium.open(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await answered(page, 'A cup of coffee');
    expect((await answersOf(page))[0]).toMatch(/^espresso/);
  });
});

describe('the smallest page', () => {
  const chromium = inChromium({
    '/dist/': new URL('../../dist/', import.meta.url),
    '/examples/': new URL('../../examples/', import.meta.url),
  });

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
