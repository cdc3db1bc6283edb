// A repository whose weights are in a pull request, in Chromium: its second visit needs the network no more than that of any
// other model.
import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import type { Route } from './server.js';

const [clip] = zeroShotModels;
const proposal = {
  num: 15,
  title: 'Adding `safetensors` variant of this model',
  status: 'open',
  isPullRequest: true,
  author: { name: 'SFconvertbot' },
};
const names = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'];
const file = (name: string) => readFile(new URL(name, zeroShotFolder(clip)));
const main = await Promise.all(
  names.map(async (name) => [`/hub/openai/clip/resolve/main/${name}`, await file(name)] as const),
);
const files = new Map<string, Uint8Array>([
  ...main,
  ['/hub/openai/clip/resolve/refs%2Fpr%2F15/model.safetensors', await file('model.safetensors')],
  ['/hub/api/models/openai/clip/discussions', Buffer.from(JSON.stringify({ discussions: [proposal] }))],
]);
const asked: string[] = [];
let isOffline = false;

const hub: Route = (request, response) => {
  const [path] = (request.url ?? '').split('?');
  asked.push(path);
  if (isOffline) {
    request.socket.destroy();
    return;
  }
  const bytes = files.get(path);
  if (bytes) response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  else response.writeHead(404).end();
};

const chromium = inChromium({ ...usualRoutes, '/hub/': hub });

async function visit(address: string) {
  const { load } = (await import(address)) as Package;
  const host = `${location.origin}/hub`;
  const model = await load('openai/clip', { host, variant: 'simd', labels: ['a cat', 'a dog'] });
  const picture = { data: new Uint8ClampedArray(32 * 32 * 4).fill(99), width: 32, height: 32 };
  const answer = await model.classify(picture);
  const { revision } = model.info;
  model.dispose();
  return { answer, revision };
}

it('is loaded from the cache without a network', async () => {
  const page = await chromium.usual();
  const first = await page.evaluate(visit, entry);
  expect(first.revision).toBe('refs/pr/15');
  expect(asked).toContain('/hub/api/models/openai/clip/discussions');
  isOffline = true;
  asked.length = 0;
  expect(await page.evaluate(visit, entry)).toEqual(first);
  expect(asked).toEqual([]);
});
