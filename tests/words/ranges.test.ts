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
