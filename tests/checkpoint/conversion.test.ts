// Repositories without safetensors, whose weights the Hub's bot has converted in a pull request: openai's CLIP.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'vit-wasm';

import type { ModelCache } from '../../web/types.js';
import { fixtures } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { json, serveHttp, whole, type Answers, type TestServer } from '../web/http.js';
import { failureOf } from '../web/tiny-checkpoint.js';

const [clip] = zeroShotModels;
const title = 'Adding `safetensors` variant of this model';
const proposal = { num: 15, title, status: 'open', isPullRequest: true, author: { name: 'SFconvertbot' } };
const api = '/api/models/openai/clip/discussions?type=pull_request&status=open&author=SFconvertbot';

let server: TestServer | undefined;
let answers: Answers;
afterEach(() => server?.close());

const bytesOf = (name: string) => readFile(new URL(name, zeroShotFolder(clip)));

async function hub(discussions: readonly unknown[]): Promise<string> {
  answers = { [api]: json({ discussions, count: discussions.length, start: 0 }) };
  for (const name of ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    answers[`/openai/clip/resolve/main/${name}`] = whole(await bytesOf(name));
  }
  for (const num of [15, 16]) {
    answers[`/openai/clip/resolve/refs%2Fpr%2F${num}/model.safetensors`] = whole(
      await bytesOf('model.safetensors'),
    );
  }
  server = await serveHttp(answers);
  return server.url;
}

/** A cache with the note of a conversion that is gone by now, from there and from the Hub. */
async function afterConversion() {
  const discussions: unknown[] = [proposal];
  const host = await hub(discussions);
  const kept = new Map<string, Blob>();
  const cache = mapCache(kept);
  (await load('openai/clip', { host, cache, labels: ['a cat'] })).dispose();
  for (const key of [...kept.keys()].filter((one) => one.includes('refs'))) kept.delete(key);
  discussions.pop();
  return { host, cache };
}

/** A cache of the caller's own, which keeps files in a map. */
const mapCache = (kept: Map<string, Blob>): ModelCache => ({
  match: (key) => Promise.resolve(kept.has(key) ? new Response(kept.get(key)) : undefined),
  put: async (key, response) => void kept.set(key, await response.blob()),
  delete: (key) => Promise.resolve(kept.delete(key)),
});

describe('a repository without safetensors', () => {
  it("is loaded with the weights of the bot's pull request, which info names", async () => {
    const host = await hub([{ ...proposal, title: 'Fix the card', num: 3 }, proposal]);
    const model = await load('openai/clip', { host, cache: false, labels: ['a cat', 'a dog'] });
    expect(model.info).toMatchObject({ revision: 'refs/pr/15', labels: ['a cat', 'a dog'] });
    const local = await load(zeroShotFolder(clip), { labels: ['a cat', 'a dog'] });
    expect(local.info.revision).toBeUndefined();
    const picture = makeImage(clip.picture);
    expect(await model.classify(picture)).toEqual(await local.classify(picture));
    for (const one of [model, local]) one.dispose();
  });

  it.each([
    ['none', []],
    ['one by somebody else', [{ ...proposal, author: { name: 'SFc0nvertbot' } }]],
    ['one that is closed', [{ ...proposal, status: 'closed' }]],
    ['one that is no pull request', [{ ...proposal, isPullRequest: false }]],
    ['what is none', [null, { num: 'x' }]],
  ])('is not found where the pull requests are %s', async (_, discussions) => {
    const host = await hub(discussions);
    expect(await failureOf(load('openai/clip', { host, cache: false }))).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('/openai/clip/resolve/main/model.safetensors'),
    });
  });

  it('is not said to be missing where the Hub does not answer', async () => {
    const host = await hub([]);
    answers[api] = (response) => response.writeHead(503).end();
    expect(await failureOf(load('openai/clip', { host, cache: false }))).toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('503'),
    });
  });

  it('is refused where several claim to be it', async () => {
    const host = await hub([proposal, { ...proposal, num: 16 }]);
    expect(await failureOf(load('openai/clip', { host, cache: false }))).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(
        /2 pull requests .* choose one by `revision`: refs\/pr\/15, refs\/pr\/16\.$/,
      ),
    });
  });

  it('is searched once, and again when its weights are not kept any more', async () => {
    const discussions: unknown[] = [proposal];
    const host = await hub(discussions);
    const kept = new Map<string, Blob>();
    const cache = mapCache(kept);
    /** What is asked for. Words wait until the weights are kept. */
    const visit = async () => {
      const before = server?.requests.length;
      const model = await load('openai/clip', { host, cache, labels: ['a cat'] });
      expect(model.info.revision).toBe('refs/pr/15');
      model.dispose();
      return server?.requests.slice(before).map(({ path }) => path);
    };
    expect(await visit()).toContain(api);
    expect(await visit()).toEqual([]);
    // The weights are gone, and by now several pull requests claim to be them.
    for (const key of [...kept.keys()].filter((one) => one.includes('refs'))) kept.delete(key);
    discussions.push({ ...proposal, num: 16 });
    expect(await failureOf(load('openai/clip', { host, cache }))).toMatchObject({ code: 'not-found' });
    discussions.pop();
    expect(await visit()).toContain(api);
    // What is noted is no pull request's name.
    for (const key of [...kept.keys()].filter((one) => one.includes('conversion'))) {
      kept.set(key, new Blob(['../../other/model']));
    }
    expect(await visit()).toContain(api);
  });

  it('is asked for again when its conversion is gone, from the cache and from the Hub', async () => {
    const { host, cache } = await afterConversion();
    // It was merged.
    answers['/openai/clip/resolve/main/model.safetensors'] = whole(await bytesOf('model.safetensors'));
    const model = await load('openai/clip', { host, cache, labels: ['a cat'] });
    expect(model.info.revision).toBeUndefined();
    model.dispose();
  });

  it("is loaded with open_clip's weights when its conversion is gone and those have come", async () => {
    const { host, cache } = await afterConversion();
    const folder = new URL('open-clip/clip/', fixtures);
    for (const name of ['open_clip_config.json', 'open_clip_model.safetensors']) {
      answers[`/openai/clip/resolve/main/${name}`] = whole(await readFile(new URL(name, folder)));
    }
    const model = await load('openai/clip', { host, cache, labels: ['a cat'] });
    expect(model.info).toMatchObject({ modelType: 'open_clip', words: true });
    model.dispose();
  });

  it('is found without a network once it is cached', async () => {
    const host = await hub([proposal]);
    const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-conversion-'));
    const picture = makeImage(clip.picture);
    const visit = async () => {
      const model = await load('openai/clip', { host, cache: folder, labels: ['a cat', 'a dog'] });
      const answer = await model.classify(picture);
      const { revision } = model.info;
      model.dispose();
      return { answer, revision };
    };
    const first = await visit();
    expect(first.revision).toBe('refs/pr/15');
    await server?.close();
    const asked = jest.spyOn(globalThis, 'fetch');
    expect(await visit()).toEqual(first);
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
    await rm(folder, { recursive: true });
  });

  it('is not looked for elsewhere where a revision was asked for', async () => {
    const host = await hub([proposal]);
    const failure = await failureOf(load('openai/clip', { host, cache: false, revision: 'main' }));
    expect(failure).toMatchObject({ code: 'not-found' });
    expect(server?.requests.map(({ path }) => path)).not.toContain(api);
  });
});
