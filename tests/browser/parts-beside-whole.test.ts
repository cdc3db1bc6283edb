// Parts of a file that the browser may keep, requested while the whole of it still arrives: Chromium lets such requests wait
// for each other, up to 20 seconds.
import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import type { Route } from './server.js';

const [clip] = zeroShotModels;
const weights = await readFile(new URL('model.safetensors', zeroShotFolder(clip)));
/** How long requests for parts came after the one for the whole that was open then, in milliseconds. */
const waits: number[] = [];
let wholes = 0;
let openedAt: number | undefined;
let sendRest: () => void = () => undefined;

/** Of the text tower's request for the whole file, the end comes only once a part has been asked for. */
const answer: Route = (request, response) => {
  // The first answer is not kept, so that the second request comes here.
  const caching = wholes === 0 ? 'no-store' : 'max-age=3600';
  const headers = { etag: '"one"', 'cache-control': caching, 'accept-ranges': 'bytes' };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from !== undefined) {
    if (openedAt !== undefined) waits.push(performance.now() - openedAt);
    openedAt = undefined;
    sendRest();
    const part = weights.subarray(Number(from), Number(to || weights.length) + 1);
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${weights.length}`;
    response.writeHead(206, { ...headers, 'content-length': part.length, 'content-range': range }).end(part);
    return;
  }
  response.writeHead(200, { ...headers, 'content-length': weights.length });
  const isText = ++wholes > 1;
  const begin = isText ? weights.length >> 1 : weights.length;
  response.write(weights.subarray(0, begin));
  sendRest = () => response.end(weights.subarray(begin));
  if (isText) openedAt = performance.now();
  else sendRest();
};

const chromium = inChromium({
  ...usualRoutes,
  '/clip/model.safetensors': answer,
  '/clip/': zeroShotFolder(clip),
});

it('do not wait for it', async () => {
  const page = await chromium.usual();
  await page.evaluate(async (address) => {
    const { load } = (await import(address)) as Package;
    const model = await load('/clip/', { variant: 'simd', cache: false, labels: ['a cat'] });
    model.dispose();
  }, entry);
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeLessThan(15_000);
}, 120_000);
