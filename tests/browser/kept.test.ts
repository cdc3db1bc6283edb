// What a load puts into the Cache API is the file to the byte, though it passes through memory that is used again.
import { expect, it } from '@jest/globals';

import { sharedIsThere } from '../golden/fixtures.js';
import { entry, inChromium, type Package } from './chromium.js';

const chromium = inChromium();

/** Runs in the page: loads a model with a cache of its own; SHA-256 of the weights kept there, and of the server's. */
async function digests({ entry, model, worker }: { entry: string; model: string; worker: boolean }) {
  const { listCache, load } = (await import(entry)) as Package;
  const cache = `${model} ${worker}`;
  const loaded = await load(model, { cache, worker });
  loaded.dispose();
  // Waits until everything is there.
  await listCache(cache);
  const { href } = new URL(`${model}model.safetensors`, location.href);
  const digest = async (response: Response | undefined) => {
    const bytes = (await response?.arrayBuffer()) ?? new ArrayBuffer();
    return [bytes.byteLength, ...new Uint32Array(await crypto.subtle.digest('SHA-256', bytes))];
  };
  const store = await caches.open(cache);
  return { kept: await digest(await store.match(href)), sent: await digest(await fetch(href)) };
}

// The second has more than fits into the buffer.
const models = ['/models/three-blocks/', ...(sharedIsThere ? ['/deit-tiny/'] : [])];

it.each(models.flatMap((model) => [true, false].map((worker) => ({ model, worker }))))('%j', async (load) => {
  const { kept, sent } = await (await chromium.open()).evaluate(digests, { entry, ...load });
  expect(kept[0]).toBeGreaterThan(1000);
  expect(kept).toEqual(sent);
});
