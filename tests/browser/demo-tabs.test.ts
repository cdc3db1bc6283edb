// The demo's tabs: looking inside, words, teaching, comparing, and the same as Python.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { load } from 'vit-wasm';

import { readJson, sharedIsThere } from '../golden/fixtures.js';
import { zeroShotModels } from '../golden/zero-shot.js';
import { answered, inDemo, openTab, overlayOf, picture, place, pngOf } from './demo-site.js';

const demo = inDemo();

async function view(page: Page, name: string): Promise<void> {
  await openTab(page, 'Look inside');
  await page.getByRole('radio', { name, exact: true }).check({ force: true });
}
const says = (page: Page, text: string) => page.waitForSelector(`#look-text:has-text("${text}")`);

async function sample(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await answered(page, name);
}

describe('look inside', () => {
  it('draws attention by layer, head and rollout', async () => {
    const page = demo.page();
    await openTab(page, 'Look inside');
    await says(page, 'layer 7 of 7');
    const last = await overlayOf(page);
    expect(last.drawn).toBeGreaterThan(1000);
    await page.locator('#layer').fill('2');
    await says(page, 'layer 2 of 7');
    await page.selectOption('#head', { value: '1' });
    await says(page, 'attention head 2 of layer 2');
    expect((await overlayOf(page)).sum).not.toBe(last.sum);
    expect(new URL(page.url()).hash).toMatch(/tab=look.*layer=2.*head=1/);
    await page.getByLabel('All layers up to it (rollout)').check();
    await says(page, 'layers 1 to 2, multiplied');
    await page.getByLabel('All layers up to it (rollout)').uncheck();
    await page.selectOption('#head', { value: '' });
    await page.locator('#layer').fill('7');
  });

  it('explains each answer', async () => {
    const page = demo.page();
    await view(page, 'Why?');
    await says(page, 'espresso');
    const best = await overlayOf(page);
    const second = page.locator('#why-classes button').nth(1);
    const label = await second.innerText();
    await second.click();
    await says(page, label);
    expect((await overlayOf(page)).sum).not.toBe(best.sum);
  });

  it('finds similar patches under the pointer and by the keyboard', async () => {
    const page = demo.page();
    await view(page, 'Similar patches');
    await says(page, 'The brighter a patch');
    const middle = await overlayOf(page);
    await page.locator('#patches').press('ArrowUp');
    await page.waitForFunction(() => location.hash.includes('patch=8,7'));
    expect((await overlayOf(page)).sum).not.toBe(middle.sum);
    await page.locator('#patches').hover({ position: { x: 285, y: 3 }, force: true });
    await page.waitForFunction(() => location.hash.includes('patch=8,0'));
  });

  it('colors patches by their principal components', async () => {
    const page = demo.page();
    await view(page, 'Colors');
    await says(page, 'three principal components');
    expect((await overlayOf(page)).drawn).toBeGreaterThan(1000);
  });

  it('shows the pixels that the model gets', async () => {
    const page = demo.page();
    await view(page, 'As the model sees it');
    await says(page, '64 × 64 pixels, cut into 256 patches of 4 × 4');
    const seen = await page.locator('#figure canvas').evaluate((canvas: HTMLCanvasElement) => {
      const at = (x: number, y: number) => canvas.getContext('2d')!.getImageData(x, y, 1, 1).data;
      const zoom = canvas.width / 64;
      // The middle of pixels 1 and 2 of two patches, away from the lines between them.
      return [at(1.5 * zoom, 1.5 * zoom), at(33.5 * zoom, 41.5 * zoom)].map((pixel) => Array.from(pixel));
    });
    const model = await load();
    const values = await model.preprocess(await decoded(page));
    model.dispose();
    const { image_mean: mean, image_std: std } = JSON.parse(
      await readFile(
        new URL('../../models/tinyimagenet-vit/preprocessor_config.json', import.meta.url),
        'utf8',
      ),
    ) as Record<string, number[]>;
    const expected = [64 + 1, 41 * 64 + 33].map((at) => [
      ...[0, 1, 2].map((channel) =>
        Math.round(255 * (values[channel * 4096 + at] * std[channel] + mean[channel])),
      ),
      255,
    ]);
    expect(seen).toEqual(expected);
  });

  it('shows how the answer forms, layer by layer', async () => {
    const page = demo.page();
    await view(page, 'Layer by layer');
    await says(page, '“espresso” comes first from layer');
    expect(await page.locator('#figure .chart polyline').count()).toBe(5);
    expect(await page.locator('#figure tbody tr').count()).toBe(7);
    expect(await page.innerText('#figure tbody tr:last-child')).toMatch(/^7\s+espresso\s+9\d\.\d %$/);
  });

  it('puts the pictures of this visit on a map', async () => {
    const page = demo.page();
    await view(page, 'Map of this visit');
    await says(page, 'three pictures or more');
    for (const name of ['A tabby cat', 'A dog', 'A pizza']) await sample(page, name);
    await says(page, '4 pictures');
    await page.locator('#figure').getByRole('button', { name: 'Back to A dog' }).click();
    await answered(page, 'A dog');
  });

  it('follows the camera', async () => {
    const page = demo.page();
    await view(page, 'Colors');
    await page.getByRole('button', { name: 'Camera', exact: true }).click();
    await page.waitForFunction(() => document.querySelector<HTMLCanvasElement>('#overlay')!.width > 1);
    for (const name of ['Attention', 'Why?', 'Colors']) {
      await view(page, name);
      await page.waitForFunction(() => document.querySelector<HTMLCanvasElement>('#overlay')!.width > 1);
    }
    await page.getByRole('button', { name: 'Stop the camera' }).click();
  });

  it('saves what is seen as a PNG', async () => {
    const page = demo.page();
    await sample(page, 'A dog');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save PNG' }).click(),
    ]);
    const file = await readFile(await download.path());
    expect(file.subarray(1, 4).toString()).toBe('PNG');
    // A picture's width in a PNG, at byte 16.
    expect([file.readUInt32BE(16), file.readUInt32BE(20)]).toEqual([480, 320]);
  });
});

/** The pixels of the picture on the stage, as the browser decodes its file. */
async function decoded(page: Page): Promise<{ data: Uint8ClampedArray; width: number; height: number }> {
  const { text, width, height } = await page.evaluate(async () => {
    const blob = await (await fetch('samples/coffee.jpg')).blob();
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' });
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    // As text: Playwright passes a long array number by number.
    let text = '';
    for (const byte of context.getImageData(0, 0, width, height).data) text += String.fromCharCode(byte);
    return { text, width, height };
  });
  return { data: Uint8ClampedArray.from(Buffer.from(text, 'latin1')), width, height };
}

describe('teach', () => {
  const row = (page: Page, at: number) => page.locator('.teach-class').nth(at);
  const state = (page: Page, text: string) => page.waitForSelector(`#teach-state:has-text("${text}")`);

  it('learns classes from pictures and the camera, tests them, and answers', async () => {
    const page = demo.page();
    await openTab(page, 'Teach');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.waitForSelector('#teach-error:has-text("at least two classes")');
    await row(page, 0).getByLabel('Name of the class').fill('noise');
    await row(page, 1).getByLabel('Name of the class').fill('<b>camera</b>');
    const buffer = await pngOf(page);
    const files = ['a.png', 'b.png', 'c.png'].map((name) => ({ name, mimeType: 'image/png', buffer }));
    await row(page, 0).locator('input[type=file]').setInputFiles(files);
    await page.waitForSelector('.teach-class .count:text-is("3")');

    await page.getByRole('button', { name: 'Camera', exact: true }).click();
    await page.waitForSelector('#snapshot');
    const hold = row(page, 1).getByRole('button', { name: 'Hold to record' });
    await hold.hover();
    await page.mouse.down();
    await page.waitForFunction(
      () => Number(document.querySelectorAll('.teach-class .count')[1].textContent) >= 3,
    );
    await page.mouse.up();
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await state(page, 'Learned 2 classes');
    // Live, from the camera; a label is text, whatever it looks like.
    await page.waitForSelector('#teach-answers .label >> nth=0');
    await page.waitForFunction(
      () => document.querySelector('#teach-answers .label')?.textContent === '<b>camera</b>',
    );

    await page.getByRole('button', { name: 'Test on the examples' }).click();
    await state(page, '100.0 %');
    expect(await page.locator('.confusion td').count()).toBe(4);
    await page.getByRole('button', { name: 'Stop the camera' }).click();
  });

  it('says when it is none of them, and answers as Node does', async () => {
    const page = demo.page();
    await sample(page, 'A pizza');
    await page.waitForSelector('#teach-answers li');
    await page.getByLabel('It may be none of these').check();
    await page.waitForSelector('#teach-answers .label:text("none of these")');
    await page.getByLabel('It may be none of these').uncheck();
  });

  it('takes pictures that are dropped on a class, and more classes', async () => {
    const page = demo.page();
    await page.getByRole('button', { name: 'Add a class' }).click();
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).value)).toBe('Class 3');
    const png = [...(await pngOf(page))];
    await row(page, 2).evaluate((target, png) => {
      const transfer = new DataTransfer();
      for (const name of ['d.png', 'e.png'])
        transfer.items.add(new File([Uint8Array.from(png)], name, { type: 'image/png' }));
      const drop = new Event('drop', { bubbles: true, cancelable: true });
      target.dispatchEvent(Object.assign(drop, { dataTransfer: transfer }));
    }, png);
    await row(page, 2).locator('.count:text-is("2")').waitFor();
    // What was dropped on a class is not what is looked at.
    expect(await page.innerText('#picture-name')).toContain('A pizza');
    await row(page, 2).getByRole('button', { name: 'Remove' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.teach-class').length === 2);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await state(page, 'Learned 2 classes');
  });

  it('is saved as JSON and as a model, and opened again', async () => {
    const page = demo.page();
    const save = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ]);
      return readFile(await download.path());
    };
    const json = await save('Save as JSON');
    const zip = await save('Save the model (.zip)');
    const own = await load(new Uint8Array(zip));
    expect(own.info.labels).toEqual(['noise', '<b>camera</b>']);
    expect((await own.classify(picture))[0].label).toBe('noise');
    own.dispose();

    await row(page, 0).getByRole('button', { name: 'Remove' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.teach-class').length === 1);
    await page.setInputFiles('#teach-import', {
      name: 'own.json',
      mimeType: 'application/json',
      buffer: json,
    });
    await state(page, 'Opened 2 classes');
    await page.waitForSelector('#teach-answers li');
    await page.setInputFiles('#teach-import', {
      name: 'bad.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{'),
    });
    await page.waitForSelector('#teach-error:has-text("not JSON")');
    // The exported model is one like any other.
    await page.setInputFiles('#archive', { name: 'my-model.zip', mimeType: 'application/zip', buffer: zip });
    await page.waitForSelector('#in-use:text("my-model.zip")');
    await page.waitForFunction(() => document.querySelectorAll('#answers li').length === 2);
    expect(await page.innerText('#answers')).toContain('<b>camera</b>');
    expect(await page.locator('#answers b, #classes b, #teach b').count()).toBe(0);
  });
});

describe('words', () => {
  it('are classes as soon as they are typed', async () => {
    const page = demo.page();
    const [model] = zeroShotModels;
    await openTab(page, 'Words');
    await page.waitForSelector('#words-needs:has-text("CLIP and SigLIP")');
    await page.fill('#address', `./zero-shot/${model.name}/`);
    await page.press('#address', 'Enter');
    await page.waitForSelector('#words-state:has-text("7 texts encoded")');
    await page.fill('#labels', 'a cat\na dog\n\na cat\n');
    await page.waitForSelector('#words-state:has-text("2 texts encoded")');
    await page.fill('#template', 'a drawing of {}');
    const texts = ['a drawing of a cat', 'a drawing of a dog'];
    await page.waitForFunction(() => document.querySelectorAll('#words-answers li').length === 2);
    expect(new URL(page.url()).hash).toMatch(/words=a\+cat.*a\+dog/);
    await page.setInputFiles('#picture-file', {
      name: 'n.png',
      mimeType: 'image/png',
      buffer: await pngOf(page),
    });
    await page.waitForSelector('#picture-name:text("n.png")');
    const here = await load(
      new URL(`zero-shot/${model.name}/`, new URL('../golden/fixtures/', import.meta.url)),
      {
        dtype: 'int8',
        labels: texts,
      },
    );
    const [best] = await here.classify(picture);
    here.dispose();
    const label = best.label.replace('a drawing of ', '');
    const expected = `${label}\n${(100 * best.probability).toFixed(1)} %`;
    await page.waitForFunction(
      (text) => document.querySelector<HTMLElement>('#words-answers li')?.innerText === text,
      expected,
    );
  });
});

describe('compare', () => {
  it('puts two models side by side', async () => {
    const page = demo.page();
    await page.fill('#address', './models/three-blocks/');
    await page.press('#address', 'Enter');
    await page.waitForSelector('#in-use:text("three-blocks")');
    await openTab(page, 'Compare');
    await page.selectOption('#other', 'same:fp32');
    await page.locator('#compare-start').click();
    await page.waitForSelector('#compare-state:has-text("say")');
    expect(await page.innerText('#left-name')).toMatch(/int8$/);
    expect(await page.innerText('#right-name')).toMatch(/fp32$/);
    expect(await page.locator('#sides li').count()).toBe(10);
  });

  it('is cancelled: the other model, and the measurement', async () => {
    const page = demo.page();
    const right = await page.innerText('#right-name');
    await page.route('https://huggingface.co/**', () => {});
    await page.selectOption('#other', 'vit-base');
    await page.locator('#compare-start').click();
    await page.locator('#compare-cancel').click();
    await page.waitForSelector('#compare-cancel', { state: 'hidden' });
    await page.unroute('https://huggingface.co/**');
    expect(await page.innerText('#right-name')).toBe(right);
    // In one task, for on a fast machine it may be done before a second click.
    await page.evaluate(() => {
      for (const id of ['bench-run', 'bench-cancel']) document.getElementById(id)!.click();
    });
    await page.waitForSelector('#bench-cancel', { state: 'hidden' });
    await page.waitForSelector('#bench-run:enabled');
    expect(await page.locator('#bench-chart svg').count()).toBe(0);
    for (const id of ['#compare-error', '#bench-error']) expect(await page.isVisible(id)).toBe(false);
  });

  it('measures this machine, and saves the chart', async () => {
    const page = demo.page();
    await page.getByRole('button', { name: 'Run it' }).click();
    await page.waitForSelector('#bench-state:has-text("median of 12")', { timeout: 50_000 });
    expect(await page.getAttribute('#bench-chart svg', 'aria-label')).toMatch(/fp32.*ms.*int8.*ms/);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the chart' }).click(),
    ]);
    expect((await readFile(await download.path())).length).toBeGreaterThan(5000);
  });

  it.each(['x64', 'x64-vnni'])('shows what was measured on %s, with date and machine', async (kind) => {
    const page = demo.page();
    const { processor, measured } = await readJson<{
      processor: string;
      measured: Record<string, { date: string }>;
    }>(`../../../bench/results/${kind}.json`);
    expect(await page.innerText('#peers')).toContain(measured['forward tiny'].date);
    expect(await page.innerText('#peers')).toContain(processor);
    expect(await page.innerText('#peers tr:has(th:text("Tiny, fp32, 1"))')).toMatch(/ms\s+0\.\d\d\s+0\.\d\d/);
  });

  it('sets accuracy against time, as a table and as a chart', async () => {
    const page = demo.page();
    for (const name of ['ResNet-50', 'MobileNetV2', 'ViT-Tiny']) {
      expect(await page.innerText(`#networks tr:has(th:text("${name}"))`)).toMatch(
        /ms\s+7\d\.\d\s+[78]\d\.\d/,
      );
    }
    const width = await page
      .locator('#networks img')
      .evaluate((image) => (image as HTMLImageElement).naturalWidth);
    expect(width).toBeGreaterThan(0);
  });
});

describe('same as Python', () => {
  interface Reference {
    models: Record<string, { sha256: string; logits: number[] }>;
  }

  it('has the pixels of Pillow, and the logits of transformers', async () => {
    const page = demo.page();
    await openTab(page, 'Same as Python');
    await page.waitForSelector('#python-models button');
    await page.locator('#models').getByRole('button', { name: 'Built-in' }).click();
    await page.waitForSelector('#python-state:has-text("Every pixel")');
    const reference = await readJson<Reference>('../../../examples/demo/python/reference.json');
    expect(await page.innerText('#python-results .hash')).toBe(`${reference.models.builtin.sha256} = Python`);
    expect(await page.innerText('#python-results tbody tr >> nth=0')).toMatch(/^tabby cat/);
    // In int8 here, and in single precision there.
    expect(await differenceIn(page)).toBeLessThan(0.5);

    if (sharedIsThere) {
      await page.selectOption('#dtype', 'fp32');
      await page.fill('#address', `${place}deit-tiny/`);
      await page.press('#address', 'Enter');
      await page.waitForSelector('#in-use:text("deit-tiny")', { timeout: 60_000 });
      await page.waitForSelector('#python-results:has-text("tabby, tabby cat")');
      expect(await page.innerText('#python-results .hash')).toBe(
        `${reference.models['deit-tiny'].sha256} = Python`,
      );
      expect(await differenceIn(page)).toBeLessThan(1e-3);
    }
  }, 120_000);

  async function differenceIn(page: Page): Promise<number> {
    return Number(/by ([\d.e-]+) at most/.exec(await page.innerText('#python-state'))![1]);
  }
});
