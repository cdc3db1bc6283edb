// The demo's main ways in Firefox and WebKit: it answers what is dropped, says what is wrong with a file, loads another model
// in both precisions, restores a link, speaks Chinese, looks inside in every view, learns, and has Python's pixels.
import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { place, startDemo } from './demo-site.js';
import { launchFirefox } from './launch-firefox.js';
import type { Server } from './server.js';
import { startWebKit } from './webkit.js';

let server: Server;
beforeAll(async () => {
  server = await startDemo();
}, 180_000);
afterAll(() => server?.close());

/** Runs in the page: what a visitor does, and what is seen then. */
async function visit(): Promise<Record<string, string>> {
  const text = (id: string) => document.getElementById(id)?.textContent ?? '';
  const until = async (id: string, wanted: RegExp) => {
    for (let wait = 0; wait < 400 && !wanted.test(text(id)); wait++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return text(id);
  };
  const open = (tab: string) => document.getElementById(`tab-${tab}`)?.click();
  const drop = (on: Element, ...files: File[]) => {
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    const event = new Event('drop', { bubbles: true, cancelable: true });
    on.dispatchEvent(Object.assign(event, { dataTransfer: transfer }));
  };
  const photograph = async (name: string) =>
    new File([await (await fetch(`samples/${name}.jpg`)).blob()], `${name}.jpg`, { type: 'image/jpeg' });
  const choose = (id: string, value: string) => {
    const field = document.getElementById(id) as HTMLSelectElement;
    field.value = value;
    field.dispatchEvent(new Event('change', { bubbles: true }));
  };

  const seen: Record<string, string> = {};
  seen.answer = await until('answers', /espresso.*%/s);
  await until('in-use', /Built-in/);
  drop(document.body, await photograph('cat'));
  seen.dropped = await until('answers', /tabby.*%/s);
  drop(document.body, new File(['text'], 'text.png', { type: 'image/png' }));
  seen.refused = await until('picture-error', /picture/);

  open('look');
  drop(document.body, await photograph('pizza'));
  await until('look-text', /layer/);
  for (const [view, text] of Object.entries({
    attention: /layer 7 of 7/,
    why: /speak for/,
    similar: /brighter/,
    colors: /principal/,
    seen: /256 patches/,
    layers: /comes first/,
    map: /pictures/,
  })) {
    document.querySelector<HTMLInputElement>(`input[name=look][value=${view}]`)!.click();
    seen[view] = await until('look-text', text);
  }

  open('teach');
  await until('teach', /Hold to record/);
  const [first, second] = document.querySelectorAll('.teach-class');
  drop(first, await photograph('cat'), await photograph('dog'));
  drop(second, await photograph('pizza'), await photograph('burger'));
  await until('teach-classes', /2Hold.*2Hold/);
  document.getElementById('teach-train')!.click();
  seen.taught = await until('teach-state', /Learned/);

  open('python');
  seen.python = await until('python-state', /Every pixel|differ from/);
  open('compare');
  seen.compare = await until('compare', /Measured on/);

  const address = document.getElementById('address') as HTMLInputElement;
  address.value = './models/three-blocks/';
  address.form!.requestSubmit();
  seen.model = await until('in-use', /three-blocks/);
  choose('dtype', 'fp32');
  seen.fp32 = await until('info', /fp32/);
  return seen;
}

/** Runs in a page that a link has opened: what it says once it has restored that. */
async function restored(): Promise<string> {
  const text = () => document.getElementById('look-text')?.textContent ?? '';
  for (let wait = 0; wait < 1000 && !/\d/.test(text()); wait++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return `${document.getElementById('picture-name')?.textContent} ${text()}`;
}
const link = '?again#sample=dog&tab=look&layer=2&head=1&lang=zh';
const chinese = /一只狗.*第 2 层第 2 个注意力头所看之处/;

const all = {
  answer: expect.stringMatching(/^espresso9\d\.\d %/),
  dropped: expect.stringMatching(/^tabby cat\d/),
  refused: expect.stringContaining('“text.png” is not a picture that this browser can read.'),
  attention: expect.stringContaining('layer 7 of 7'),
  why: expect.stringContaining('Orange patches speak for'),
  similar: expect.stringContaining('The brighter a patch'),
  colors: expect.stringContaining('three principal components'),
  seen: expect.stringContaining('256 patches'),
  layers: expect.stringContaining('comes first from layer'),
  map: expect.stringContaining('3 pictures'),
  taught: expect.stringContaining('Learned 2 classes from 4 pictures'),
  python: expect.stringContaining('Every pixel that the model gets is Python’s'),
  compare: expect.stringContaining('Measured on'),
  model: './models/three-blocks/',
  fp32: expect.stringContaining('fp32'),
};

it('Firefox', async () => {
  const browser = await launchFirefox();
  try {
    const page = await browser.newPage();
    await page.goto(server.origin + place);
    expect(await page.evaluate(visit)).toEqual(all);
    await page.goto(server.origin + place + link);
    expect(await page.evaluate(restored)).toMatch(chinese);
  } finally {
    await browser.close();
  }
}, 180_000);

it('WebKit', async () => {
  const webkit = await startWebKit();
  try {
    expect(await webkit.evaluate(server.origin + place, visit, undefined)).toEqual(all);
    expect(await webkit.evaluate(server.origin + place + link, restored, undefined)).toMatch(chinese);
  } finally {
    await webkit.close();
  }
}, 180_000);
