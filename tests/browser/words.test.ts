// Classes in words in Chromium: the answers of Node to the bit, in a worker and in the page, from every entry; and what
// stays of the text encoder.
import { describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { rangeFiles } from '../words/range-server.js';
import { opaquePicture, pack, type PackedPicture } from './picture.js';

const files = await rangeFiles();
const asked: string[] = [];
const chromium = inChromium({
  ...usualRoutes,
  '/zero-shot/': new URL('zero-shot/', fixtures),
  '/ranges/': (request, response) => {
    const path = (request.url ?? '').slice('/ranges'.length);
    asked.push(`${path} ${request.headers.range ?? ''}`.trim());
    files.answers[path](response, request);
  },
});
const picture = opaquePicture();

interface Question {
  entry: string;
  url: string;
  worker: boolean;
  labels: string[];
  picture: PackedPicture;
}

async function askInPage({ entry, url, worker, labels, picture }: Question) {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, { variant: 'simd', worker, labels });
  const { width, height } = picture;
  const data = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const logits = await model.logits({ data, width, height });
  const text = await model.embedText(labels[0]);
  const classes = model.info.labels;
  model.dispose();
  return { logits: Array.from(logits), text: Array.from(text), classes };
}

describe.each([entry, '/package/inline.js'])('%s', (from) => {
  it.each(
    zeroShotModels.flatMap((model) => [true, false].map((worker) => ({ model, name: model.name, worker }))),
  )('$name (worker: $worker)', async ({ model, worker }) => {
    const { labels } = model;
    const page = await chromium.usual();
    const url = `/zero-shot/${model.name}/`;
    const answers = await page.evaluate(askInPage, {
      entry: from,
      url,
      worker,
      labels,
      picture: pack(picture),
    });
    const here = await load(zeroShotFolder(model), { variant: 'simd', labels });
    expect(answers).toEqual({
      logits: [...(await here.logits(picture))],
      text: [...(await here.embedText(labels[0]))],
      classes: labels,
    });
    here.dispose();
  });
});

it('ends the worker of the text encoder once words are encoded', async () => {
  const page = await chromium.usual();
  const before = page.workers().length;
  const during = page.waitForEvent('worker');
  await page.evaluate(async (address) => {
    const { load } = (await import(address)) as Package;
    const model = await load('/zero-shot/clip/', { labels: ['a', 'b'] });
    Object.assign(globalThis, { model });
  }, entry);
  await during;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(page.workers().length).toBe(before + 1);
});

it.each([true, false])('asks the server for nothing on a second visit (worker: %s)', async (worker) => {
  const question = { entry, worker, cache: `words-${worker}`, labels: ['a cat', 'a street'] };
  const visit = async (labels: string[]) => {
    const before = asked.length;
    const page = await chromium.usual();
    const answers = await page.evaluate(visitInPage, { ...question, labels });
    return { answers, requests: asked.slice(before) };
  };
  const first = await visit(question.labels);
  expect(first.requests).toContain('/tokenizer.json');
  const here = await load(zeroShotFolder(zeroShotModels[0]), { variant: 'simd', labels: question.labels });
  expect(first.answers.logits).toEqual([
    ...(await here.logits({ data: new Uint8Array(64 * 64 * 4).fill(200), width: 64, height: 64 })),
  ]);
  here.dispose();
  const second = await visit(question.labels);
  expect(second).toEqual({ answers: { ...first.answers, workers: worker ? 1 : 0 }, requests: [] });
  // Of others, only what is new of the table of tokens.
  const third = await visit(['rain']);
  for (const request of third.requests) expect(request).toMatch(/^\/model\.safetensors bytes=\d+-\d+$/);
});

it('downloads little beside what is needed, if the name says that there may be two towers', async () => {
  const page = await chromium.usual();
  const before = files.sent();
  await page.evaluate(async (address) => {
    const { load } = (await import(address)) as Package;
    const labels = ['a cat', 'a street'];
    const model = await load('/ranges/tiny-clip/', { variant: 'simd', cache: false, labels });
    model.dispose();
  }, entry);
  // Several megabytes where the whole file, of 63, is requested and the connection closed.
  expect(files.sent() - before).toBeLessThan(500_000);
});

interface Visit {
  entry: string;
  worker: boolean;
  cache: string;
  labels: string[];
}

/** One visit: what is answered, and how many workers have been started. */
async function visitInPage({ entry, worker, cache, labels }: Visit) {
  const { load, listCache } = (await import(entry)) as Package;
  let workers = 0;
  const Usual = globalThis.Worker;
  globalThis.Worker = class extends Usual {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      workers++;
    }
  };
  const model = await load('/ranges/', { variant: 'simd', worker, cache, labels });
  const picture = { data: new Uint8Array(64 * 64 * 4).fill(200), width: 64, height: 64 };
  const logits = Array.from(await model.logits(picture));
  model.dispose();
  globalThis.Worker = Usual;
  // Waits for what is still being stored.
  await listCache(cache);
  return { logits, workers };
}
