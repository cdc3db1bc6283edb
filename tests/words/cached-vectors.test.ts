// What a second visit of a model that takes words downloads: nothing, with the labels of the first; with others, at most the
// rows of tokens that are new. Counted at the server.
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listCache, load } from 'vit-wasm';

import type { LoadOptions } from '../../web/types.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { failureOf } from '../web/tiny-checkpoint.js';
import { rangeServer, type RangeServer } from './range-server.js';

const [clip] = zeroShotModels;
const picture = makeImage(clip.picture);
const labels = ['a cat', 'a street'];
const others = ['a tabby cat', 'rain'];

const home = await mkdtemp(join(tmpdir(), 'vit-wasm-words-cache-'));
const servers: RangeServer[] = [];
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(home, { recursive: true });
});

let server: RangeServer;
let cache: string;
beforeEach(async () => {
  server = await rangeServer();
  servers.push(server);
  cache = await mkdtemp(join(home, 'cache-'));
});

/** What one visit answers, and which requests it makes. */
async function visit(wanted: LoadOptions['labels'], options: LoadOptions = {}) {
  const before = server.requests.length;
  const model = await load(server.url, { labels: wanted, cache, ...options });
  const answers = await model.classify(picture);
  model.dispose();
  return { answers, requests: server.requests.slice(before) };
}

async function withoutCache(wanted: LoadOptions['labels']) {
  const model = await load(zeroShotFolder(clip), { labels: wanted });
  const answers = await model.classify(picture);
  model.dispose();
  return answers;
}

describe('with a server that gives parts of files', () => {
  it('downloads of each tower its share, and of the table some rows', async () => {
    const first = await visit(labels);
    expect(first.answers).toEqual(await withoutCache(labels));
    expect(server.sent()).toBeLessThan(server.size / 2);
    const parts = first.requests.filter(({ range }) => /^bytes=\d+-\d+$/.test(range ?? ''));
    expect(parts.length).toBeGreaterThan(0);
  });

  it('needs no network at all for the same labels, templates and precision', async () => {
    const template = ['{}', 'a photo of {}'];
    for (const dtype of ['fp32', 'int8'] as const) {
      const first = await visit(labels, { template, dtype });
      const second = await visit([...labels].reverse(), { template, dtype });
      expect(second.requests).toEqual([]);
      const byProbability = first.answers.map(({ label, probability }) => ({ label, probability }));
      expect(second.answers.map(({ label, probability }) => ({ label, probability }))).toEqual(byProbability);
    }
    expect((await visit(labels)).answers).toEqual(await withoutCache(labels)); // of another template
  });

  it('encodes only labels that are new, and fetches only their rows', async () => {
    await visit(labels);
    const second = await visit([...labels, ...others]);
    expect(second.answers).toEqual(await withoutCache([...labels, ...others]));
    for (const { path, range } of second.requests) {
      expect(path).toBe('/model.safetensors');
      expect(range).toMatch(/^bytes=\d+-\d+$/);
    }
    expect(second.requests.length).toBeGreaterThan(0);
    // Their tokens are all known now.
    const third = await visit(['a tabby street']);
    expect(third.answers).toEqual(await withoutCache(['a tabby street']));
    expect(third.requests).toEqual([]);
  });

  it('keeps the shares of both towers, and not the whole file', async () => {
    await visit(labels);
    const files = await listCache(cache);
    const weights = files.filter(({ url }) => url.includes('safetensors'));
    const ofWhat = weights.map(({ url }) =>
      /vit-wasm-(\w+)(?:=(texts|pictures))?/.exec(url)?.slice(1).join(' ').trim(),
    );
    expect(ofWhat.sort()).toEqual(['labels', 'parts', 'tower pictures', 'tower texts']);
    expect(weights.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(server.size / 50);
  });

  it.each(['pictures', 'texts', 'labels', 'parts'])('mends a damaged copy: %s', async (what) => {
    await visit(labels);
    const damaged = await damage(new RegExp(`vit-wasm-\\w+=${what}|vit-wasm-${what}=`));
    expect(damaged).toBe(1);
    const again = await visit([...labels, ...others]);
    expect(again.answers).toEqual(await withoutCache([...labels, ...others]));
    expect((await visit([...labels, ...others])).requests).toEqual([]);
  });

  it('refuses to put towers of different versions together', async () => {
    await visit(labels);
    server.change();
    // The copy is whole, and nothing is fetched for it.
    expect((await visit(labels)).requests).toEqual([]);
    await rm(join(cache, await entryOf(/vit-wasm-tower=texts/)));
    expect(await failureOf(visit(others))).toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(
        /has changed on its server .* call clearCache\(\), and load it again\.$/,
      ),
    });
  });

  it('holds files with a checksum to it, which have to be read as a whole', async () => {
    const integrity = await server.integrity();
    const { answers } = await visit(labels, { integrity });
    expect(answers).toEqual(await withoutCache(labels));
    expect((await visit(labels, { integrity })).requests).toEqual([]);
    const wrong = { integrity: { ...integrity, 'tokenizer.json': integrity['config.json'] } };
    expect(await failureOf(visit(others, wrong))).toMatchObject({ code: 'integrity' });
  });
});

it('without parts from the server: downloads the whole file once, and nothing the second time', async () => {
  server.givesRanges = false;
  const first = await visit(labels);
  expect(first.answers).toEqual(await withoutCache(labels));
  const ofWeights = first.requests.filter(({ path }) => path === '/model.safetensors');
  expect(ofWeights.map(({ range }) => range)).toEqual([undefined, 'bytes=0-0']);
  const second = await visit(others);
  expect(second.answers).toEqual(await withoutCache(others));
  expect(second.requests).toEqual([]);
});

it('keeps nothing when told so', async () => {
  await visit(labels, { cache: false });
  expect(await listCache(cache)).toEqual([]);
  expect((await visit(labels, { cache: false })).requests.length).toBeGreaterThan(3);
});

/** Flips a bit in the middle of the copies whose key matches; how many there are. */
async function damage(key: RegExp): Promise<number> {
  let count = 0;
  for (const { url } of await listCache(cache)) {
    if (!key.test(url)) continue;
    const path = join(cache, (await entryOf(key)).replace(/\.json$/, ''));
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(path, bytes);
    count++;
  }
  return count;
}

/** The name of the description of the copy whose key matches. */
async function entryOf(key: RegExp): Promise<string> {
  for (const name of (await readdir(cache)).filter((one) => one.endsWith('.json'))) {
    const { url } = JSON.parse(await readFile(join(cache, name), 'utf8')) as { url: string };
    if (key.test(url)) return name;
  }
  throw new Error(`nothing is kept under a key like ${String(key)}`);
}
