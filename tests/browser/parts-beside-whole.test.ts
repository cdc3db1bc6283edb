// Parts of a file that the browser may keep, requested while the whole of it still arrives: Chromium lets such requests wait
// for each other, up to 20 seconds.
import { expect, it } from '@jest/globals';

import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { largeModel } from '../words/range-server.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import type { Route } from './server.js';

// Chromium keeps no files of many megabytes in the memory of such a page, and then lets nothing wait.
const weights = await largeModel(600_000, 2000);
/** How long requests for parts came after the one for the whole that was open then, in milliseconds. */
const waits: number[] = [];
let openedAt: number | undefined;
let sendRest: () => void = () => undefined;

/** The end of the whole file comes only once a part has been asked for. */
const answer: Route = (request, response) => {
  const headers = { etag: '"one"', 'cache-control': 'max-age=3600', 'accept-ranges': 'bytes' };
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
  openedAt = performance.now();
  response.writeHead(200, { ...headers, 'content-length': weights.length });
  const begin = weights.length >> 1;
  response.write(weights.subarray(0, begin));
  sendRest = () => response.end(weights.subarray(begin));
};

// Its name does not say that most of the file will not be needed, so all of it is requested.
const chromium = inChromium({
  ...usualRoutes,
  '/model/model.safetensors': answer,
  '/model/': zeroShotFolder(zeroShotModels[0]),
});

it('do not wait for it', async () => {
  const page = await chromium.usual();
  await page.evaluate(async (address) => {
    const { load } = (await import(address)) as Package;
    const model = await load('/model/', { variant: 'simd', cache: false });
    model.dispose();
  }, entry);
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeLessThan(15_000);
}, 120_000);
