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

/** Runs in the page: loads, damages the weights kept there without changing their length, and loads again. */
async function damage({ entry, model, worker }: { entry: string; model: string; worker: boolean }) {
  const { listCache, load } = (await import(entry)) as Package;
  const cache = `damaged ${model} ${worker}`;
  const picture = { data: new Uint8Array(4 * 32 * 32).fill(99), width: 32, height: 32 };
  const logits = async () => {
    const loaded = await load(model, { cache, worker });
    const values = Array.from(await loaded.logits(picture));
    loaded.dispose();
    await listCache(cache);
    return values;
  };
  const before = await logits();
  const store = await caches.open(cache);
  const { href } = new URL(`${model}model.safetensors`, location.href);
  const bytes = new Uint8Array((await (await store.match(href))?.arrayBuffer()) ?? []);
  // The highest bit of a weight's exponent: another model that loads without complaint.
  bytes[bytes.length - 5] ^= 0x08;
  await store.put(href, new Response(bytes));
  const after = await logits();
  const mended = new Uint8Array((await (await store.match(href))?.arrayBuffer()) ?? []);
  return { before, after, isMended: mended[bytes.length - 5] === (bytes[bytes.length - 5] ^ 0x08) };
}

it.each(models.flatMap((model) => [true, false].map((worker) => ({ model, worker }))))(
  'weights damaged in the cache are downloaded again: %j',
  async (load) => {
    const { before, after, isMended } = await (await chromium.open()).evaluate(damage, { entry, ...load });
    expect(after).toEqual(before);
    expect(isMended).toBe(true);
  },
);
