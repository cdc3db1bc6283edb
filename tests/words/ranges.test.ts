// Each tower downloads its own part of the file, and of the table of token embeddings the rows that it needs; where the
// server gives no parts of files, everything.
import { afterEach, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { rangeServer, type RangeServer } from './range-server.js';

const [clip] = zeroShotModels;
const labels = ['a cat', 'a street'];

let server: RangeServer | undefined;
afterEach(() => server?.close());

it.each([true, false])('gives the same answers (server gives ranges: %s)', async (givesRanges) => {
  server = await rangeServer();
  server.givesRanges = givesRanges;
  const model = await load(server.url, { labels, cache: false });
  const local = await load(zeroShotFolder(clip), { labels });
  const picture = makeImage(clip.picture);
  expect(await model.classify(picture)).toEqual(await local.classify(picture));
  for (const one of [model, local]) one.dispose();
  expect(server.requests.some(({ range }) => range)).toBe(true);
  if (givesRanges) expect(server.sent()).toBeLessThan(server.size / 2);
});

it.each(['openai/tiny-clip', 'google/siglip-tiny'])(
  'downloads little beside what is needed of %s',
  async (id) => {
    server = await rangeServer();
    for (const [path, answer] of Object.entries(server.answers)) {
      server.answers[`/${id}/resolve/main${path}`] = answer;
    }
    const model = await load(id, { host: server.url, labels, cache: false });
    const local = await load(zeroShotFolder(clip), { labels });
    const picture = makeImage(clip.picture);
    expect(await model.classify(picture)).toEqual(await local.classify(picture));
    for (const one of [model, local]) one.dispose();
    // Of each tower 128 KB with the header, and what it needs: the whole tiny model has 0.2 MB without its table.
    expect(server.sent()).toBeLessThan(500_000);
    const ranges = server.requests
      .filter(({ path }) => path.endsWith('.safetensors'))
      .map(({ range }) => range);
    expect(ranges.slice(0, 1)).toEqual(['bytes=0-131071']);
    expect(ranges).not.toContain(undefined);
  },
);

it('reads a file of parts as any other where the server ignores requests for parts', async () => {
  server = await rangeServer();
  server.givesRanges = false;
  const model = await load(`${server.url}tiny-clip/`, { cache: false });
  const local = await load(zeroShotFolder(clip));
  const picture = makeImage(clip.picture);
  expect(await model.embed(picture)).toEqual(await local.embed(picture));
  for (const one of [model, local]) one.dispose();
  expect(server.requests.filter(({ path }) => path.endsWith('.safetensors'))).toHaveLength(1);
});
