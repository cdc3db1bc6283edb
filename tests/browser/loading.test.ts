// Downloads in a real browser: resumed, verified, kept, and given up. Node's twins are tests/files/download.test.ts and
// tests/cache/cache.test.ts.
import { expect, describe, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';

import { fixtures } from '../golden/fixtures.js';
import { breakOff, troubled, type Answers } from '../web/http.js';
import { dist, entry, inChromium, usualRoutes, type Package } from './chromium.js';
import type { Route } from './server.js';

const model = new URL('models/three-blocks/', fixtures);
const weights = await readFile(new URL('model.safetensors', model));
const jsonFiles = ['config.json', 'preprocessor_config.json'];
const json = await Promise.all(jsonFiles.map((name) => readFile(new URL(name, model))));
const sha256 = `sha256-${createHash('sha256').update(weights).digest('base64')}`;

/** How the weights of each model are answered; its other files are always there. */
const answers: Answers = {};
let models = 0;
function put(answer: Answers[string]): string {
  const url = `/troubled/${++models}/`;
  answers[`${url}model.safetensors`] = answer;
  return url;
}

const trouble: Route = (request, response) => {
  const path = request.url ?? '';
  const file = jsonFiles.findIndex((name) => path.endsWith(`/${name}`));
  if (file >= 0) response.writeHead(200, { 'Content-Type': 'application/json' }).end(json[file]);
  else if (answers[path]) answers[path](response, request);
  else response.writeHead(404).end();
};

/** An empty page in a frame that has no origin, and so no storage. */
const frame: Route = (_request, response) => {
  const inside = '<!doctype html><title>Inside</title>';
  response
    .writeHead(200, { 'Content-Type': 'text/html' })
    .end(`<!doctype html><iframe sandbox="allow-scripts" srcdoc="${inside}"></iframe>`);
};

const chromium = inChromium(
  { ...usualRoutes, '/package/': dist, '/troubled/': trouble, '/frame/': frame },
  { 'Access-Control-Allow-Origin': '*' },
);

interface Question {
  entry: string;
  url: string;
  options: { worker: boolean; cache?: boolean; integrity?: string };
}
type Answer = { logits: number[] } | { code: string; message: string };

/** Runs in the page: the model's logits, or what loading it failed with. */
async function tryToLoad({ entry, url, options }: Question): Promise<Answer> {
  const { load, VitError } = (await import(entry)) as Package;
  try {
    const model = await load(url, options);
    const picture = { data: new Uint8Array(32 * 32 * 4).fill(99), width: 32, height: 32 };
    const logits = Array.from(await model.logits(picture));
    model.dispose();
    return { logits };
  } catch (error) {
    return {
      code: error instanceof VitError ? error.code : 'no VitError',
      message: (error as Error).message,
    };
  }
}

/** Runs in the page: how many bytes are kept under an address. */
async function keptBytes({ entry, url }: { entry: string; url: string }): Promise<Record<string, number>> {
  const { listCache } = (await import(entry)) as Package;
  const prefix = new URL(url, location.href).href;
  const files = (await listCache()).filter((file) => file.url.startsWith(prefix));
  return Object.fromEntries(files.map((file) => [file.url.slice(prefix.length), file.bytes]));
}

const asked = (url: string) =>
  chromium.server().requests.filter((path) => path === `${url}model.safetensors`).length;

const complete = {
  'config.json': json[0].length,
  'preprocessor_config.json': json[1].length,
  'model.safetensors': weights.length,
};

describe.each([true, false])('worker: %s', (worker) => {
  const ask = (page: Page, url: string, options: object = {}) =>
    page.evaluate(tryToLoad, { entry, url, options: { worker, ...options } });

  /** What a server without troubles gives. */
  const expected = async (page: Page) => await ask(page, '/models/three-blocks/', { cache: false });

  it('what breaks off is resumed and kept, and found without a server', async () => {
    const page = await chromium.usual();
    const url = put(troubled(weights, { breaks: [0, 1, 5000, weights.length - 1], tags: ['"1"'] }));
    expect(await ask(page, url, { integrity: sha256 })).toEqual(await expected(page));
    expect(asked(url)).toBe(5);
    expect(await page.evaluate(keptBytes, { entry, url })).toEqual(complete);
    answers[`${url}model.safetensors`] = (response: ServerResponse) => void response.destroy();
    expect(await ask(page, url)).toEqual(await expected(page));
    expect(asked(url)).toBe(5);
  });

  it.each([
    ['without Range requests', () => troubled(weights, { ranges: false, breaks: [5000] })],
    ['without a length', () => troubled(weights, { length: false, breaks: [5000, weights.length] })],
    [
      'compressed',
      () => {
        const gzipped = gzipSync(weights);
        let tries = 0;
        return (response: ServerResponse) => {
          response.writeHead(200, { 'Content-Encoding': 'gzip' });
          if (++tries > 1) {
            response.end(gzipped);
            return;
          }
          response.write(gzipped.subarray(0, gzipped.length / 2));
          breakOff(response);
        };
      },
    ],
  ])('also %s', async (_, answer) => {
    const page = await chromium.usual();
    expect(await ask(page, put(answer()))).toEqual(await expected(page));
  });

  it.each([
    [
      'another version',
      () => troubled(weights, { breaks: [5000], tags: ['"1"', '"2"'] }),
      {},
      'unreadable',
      'changed',
    ],
    [
      'a server that never gives all',
      () => troubled(weights, { ranges: false, breaks: [9, 9, 9] }),
      {},
      'unreadable',
      'broke off after 9 bytes',
    ],
    [
      'other weights',
      () => troubled(weights),
      { integrity: sha256.replace(/.{4}=$/, 'AAAA=') },
      'integrity',
      'SHA-256',
    ],
    [
      'half the weights',
      () => troubled(weights.subarray(0, weights.length / 2)),
      {},
      'truncated',
      'ends after',
    ],
  ])('of %s nothing is kept', async (_, answer, options, code, says) => {
    const page = await chromium.usual();
    const url = put(answer());
    expect(await ask(page, url, options)).toEqual({ code, message: expect.stringContaining(says) });
    expect(await page.evaluate(keptBytes, { entry, url })).toEqual({});
  });

  it('an aborted load keeps nothing, and closes its connections', async () => {
    const page = await chromium.usual();
    let letGo: Promise<unknown> = Promise.resolve();
    const url = put((response) => {
      letGo = new Promise((resolve) => response.once('close', resolve));
      response
        .writeHead(200, { 'Content-Length': weights.length })
        .write(weights.subarray(0, weights.length - 1));
    });
    expect(await page.evaluate(giveUp, { entry, url, options: { worker } })).toBe('enough');
    await letGo;
    expect(await page.evaluate(keptBytes, { entry, url })).toEqual({});
  });

  it('a cache of the page is given whole files, and finds them', async () => {
    const page = await chromium.usual();
    const url = put(troubled(weights, { breaks: [5000] }));
    const { first, second, kept } = await page.evaluate(loadWithOwnCache, {
      entry,
      url,
      options: { worker },
    });
    expect({ logits: first }).toEqual(await expected(page));
    expect(second).toEqual(first);
    expect(kept).toEqual(complete);
    expect(asked(url)).toBe(2);
    expect(await page.evaluate(keptBytes, { entry, url })).toEqual({});
  });

  it('a full disk only costs the download', async () => {
    const page = await chromium.open();
    const session = await page.context().newCDPSession(page);
    const { origin } = chromium.server();
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 20_000 });
    const url = put(troubled(weights));
    expect(await ask(page, url)).toEqual(await expected(page));
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    expect(await page.evaluate(keptBytes, { entry, url })).not.toHaveProperty(['model.safetensors']);
  });
});

it('where there is no storage at all, models are loaded all the same', async () => {
  const page = await chromium.open('/frame/');
  const inside = page.frames().find((candidate) => candidate !== page.mainFrame());
  const { origin } = chromium.server();
  const question = {
    entry: origin + entry,
    url: `${origin}/models/three-blocks/`,
    options: { worker: false },
  };
  expect(await inside?.evaluate(tryToLoad, question)).toEqual(await page.evaluate(tryToLoad, question));
});

it('the cache is cleared', async () => {
  const page = await chromium.usual();
  const url = put(troubled(weights));
  await page.evaluate(tryToLoad, { entry, url, options: { worker: true } });
  expect(await page.evaluate(keptBytes, { entry, url })).toEqual(complete);
  await page.evaluate(async (path) => ((await import(path)) as Package).clearCache(), entry);
  expect(await page.evaluate(keptBytes, { entry, url: '/' })).toEqual({});
});

it('a folder is chosen, and files are dropped', async () => {
  const page = await chromium.open();
  await page.evaluate(() => {
    document.body.innerHTML = '<input type="file" webkitdirectory>';
  });
  await page.setInputFiles('input', fileURLToPath(model));
  const { chosen, dropped } = await page.evaluate(loadChosen, entry);
  const expected = await page.evaluate(tryToLoad, {
    entry,
    url: '/models/three-blocks/',
    options: { worker: true },
  });
  expect({ logits: chosen }).toEqual(expected);
  expect({ logits: dropped }).toEqual(expected);
});

/** Runs in the page: a load that is aborted as the weights arrive, or would. */
async function giveUp({ entry, url, options }: Question): Promise<unknown> {
  const { load } = (await import(entry)) as Package;
  const abort = new AbortController();
  setTimeout(() => abort.abort('enough'), 300);
  return await load(url, { ...options, signal: abort.signal }).catch((reason: unknown) => reason);
}

/** Runs in the page: loads twice with a cache made of a Map. */
async function loadWithOwnCache({ entry, url, options }: Question) {
  const { load } = (await import(entry)) as Package;
  const files = new Map<string, Blob>();
  const cache = {
    match: (key: string) => Promise.resolve(files.has(key) ? new Response(files.get(key)) : undefined),
    put: async (key: string, response: Response) => files.set(key, await response.blob()),
  };
  const logits = async () => {
    const model = await load(url, { ...options, cache });
    const picture = { data: new Uint8Array(32 * 32 * 4).fill(99), width: 32, height: 32 };
    const values = Array.from(await model.logits(picture));
    model.dispose();
    return values;
  };
  const first = await logits();
  const second = await logits();
  const { href } = new URL(url, location.href);
  const kept = Object.fromEntries([...files].map(([key, file]) => [key.slice(href.length), file.size]));
  return { first, second, kept };
}

/** Runs in the page: loads from the files of its input, and from a drop of them. */
async function loadChosen(entry: string) {
  const { load } = (await import(entry)) as Package;
  const { files } = document.querySelector('input') as HTMLInputElement;
  const logits = async (location: Parameters<typeof load>[0]) => {
    const model = await load(location);
    const picture = { data: new Uint8Array(32 * 32 * 4).fill(99), width: 32, height: 32 };
    return Array.from(await model.logits(picture));
  };
  const transfer = new DataTransfer();
  for (const file of files ?? []) transfer.items.add(new File([file], file.name));
  return { chosen: await logits(files as FileList), dropped: await logits(transfer) };
}
