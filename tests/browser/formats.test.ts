// Archives and weights in several files, in Chromium: what reads them there is the browser's own (Blob, streams, gzip).
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { makeZip } from '../formats/archives.js';
import { malformedZips, zip } from '../formats/malformed/zip.js';
import { index, weightMap } from '../formats/malformed/sharded.js';
import { fixtures } from '../golden/fixtures.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';
import type { Route } from './server.js';

const npz = new URL('npz/', fixtures);
const bad = malformedZips.filter(({ name }) => /bomb|checksum|not deflated|encrypted/.test(name));
const served: Record<string, Uint8Array> = {
  '/archives/model.zip': zip,
  ...Object.fromEntries(
    Object.entries(index(weightMap)()).map(([name, bytes]) => [`/archives/sharded/${name}`, bytes]),
  ),
  ...Object.fromEntries(bad.map(({ files }, i) => [`/archives/bad-${i}.zip`, files()['model.safetensors']])),
};

const archives: Route = ({ url = '' }, response) => {
  const bytes = served[url];
  if (bytes) response.end(bytes);
  else response.writeHead(404).end();
};

/** A worker's script without the one that it fetches for archives. */
const alone: Route = ({ url }, response) => {
  const file = new URL('../../dist/worker.simd.js', import.meta.url);
  if (url !== '/alone/worker.simd.js') return void response.writeHead(404).end();
  response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(file));
};

const chromium = inChromium({ ...usualRoutes, '/npz/': npz, '/archives/': archives, '/alone/': alone });
const picture = opaquePicture();

interface Question {
  entry: string;
  url: string;
  /** Whether the page fetches it and hands over a File. */
  asFile: boolean;
  worker: boolean;
  picture: PackedPicture;
}

/** Runs in the page: logits, or the code of the error. */
async function askInPage({ entry, url, asFile, worker, picture }: Question): Promise<number[] | string> {
  const { load } = (await import(entry)) as Package;
  const file = async () => new File([await (await fetch(url)).blob()], url.replace(/.*\//, ''));
  try {
    const model = await load(asFile ? await file() : url, { variant: 'simd', worker });
    const { width, height } = picture;
    const data = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
    const logits = await model.logits({ data, width, height });
    model.dispose();
    return Array.from(logits);
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
}

async function inPage(url: string, asFile: boolean, worker: boolean): Promise<number[] | string> {
  const page = await chromium.usual();
  return page.evaluate(askInPage, { entry, url, asFile, worker, picture: pack(picture) });
}

async function inNode(model: Parameters<typeof load>[0]): Promise<Float32Array> {
  const loaded = await load(model, { variant: 'simd' });
  const logits = await loaded.logits(picture);
  loaded.dispose();
  return logits;
}

const subjects: [string, string, () => Promise<Float32Array>][] = [
  ['a stored .npz', '/npz/augreg.npz', () => inNode(fileURLToPath(new URL('augreg.npz', npz)))],
  ['a deflated .npz', '/npz/imagenet-21k.npz', () => inNode(fileURLToPath(new URL('imagenet-21k.npz', npz)))],
  ['a .zip', '/archives/model.zip', () => inNode(zip)],
];

describe.each([true, false])('worker: %s', (worker) => {
  it.each(subjects)('%s gives the logits of Node to the bit', async (_, url, expected) => {
    const bits = bitsOf(await expected());
    for (const asFile of [false, true]) {
      const logits = await inPage(url, asFile, worker);
      if (typeof logits === 'string') throw new Error(logits);
      expect(bitsOf(logits)).toEqual(bits);
    }
  });

  it('weights in several files give the logits of Node to the bit', async () => {
    const logits = await inPage('/archives/sharded/', false, worker);
    if (typeof logits === 'string') throw new Error(logits);
    expect(bitsOf(logits)).toEqual(bitsOf(await inNode(makeZip(packed()))));
  });

  it.each(bad.map(({ name, code }, i) => ({ name, code, i })))('$name is refused', async ({ code, i }) => {
    expect(await inPage(`/archives/bad-${i}.zip`, false, worker)).toBe(code);
  });
});

it('a model that needs the script beside the worker is refused where that is missing', async () => {
  const page = await chromium.usual();
  const outcome = await page.evaluate(async (entry) => {
    const { load } = (await import(entry)) as Package;
    const worker = { url: '/alone/worker.simd.js' };
    const model = await load(undefined, { variant: 'simd', worker });
    const { modelType } = model.info;
    const failure = await load('/npz/augreg.npz', { variant: 'simd', worker }).catch((error: Error) => error);
    return [modelType, (failure as { code?: string }).code, (failure as Error).message];
  }, entry);
  expect(outcome.slice(0, 2)).toEqual(['vit', 'worker']);
  expect(outcome[2]).toMatch(
    /needs http.*\/alone\/worker\.rare\.js, which could not be loaded \(.*beside the worker/,
  );
});

function packed() {
  return Object.entries(index(weightMap)()).map(([name, data]) => ({ name, data }));
}
