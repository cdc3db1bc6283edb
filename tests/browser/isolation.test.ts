// Threads in Chromium: a cross-origin isolated page has them, another learns why it has none, and no answer changes by a
// bit.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load, type LoadOptions, type Variant } from 'vit-wasm';

import { variants } from '../engine.js';
import { deitTiny, fixtures, sharedIsThere } from '../golden/fixtures.js';
import { dist, entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';
import { isolation, type Route } from './server.js';

const workerScript = await readFile(new URL('worker.simd-threads.js', dist));

/** The worker's script once, and then something else for the threads it starts. */
const onlyOnce = (name: string, afterwards: Route): Record<string, Route> => {
  let asked = 0;
  return {
    [`/scripts/${name}.js`]: (request, response) => {
      if (asked++ > 0) return (afterwards as Exclude<Route, URL>)(request, response);
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(workerScript);
    },
  };
};

const isolated = inChromium(
  {
    ...onlyOnce('absent', (_request, response) => response.writeHead(404).end()),
    // Never answered: as where shared memory arrives nowhere.
    ...onlyOnce('stalled', () => {}),
    ...usualRoutes,
  },
  isolation,
);
const plain = inChromium();
const picture = opaquePicture();

interface Question {
  entry: string;
  url: string | undefined;
  options: Pick<LoadOptions, 'dtype' | 'threads' | 'variant' | 'worker'>;
  picture: PackedPicture;
  times: number;
}

interface Answer {
  variant: Variant;
  threads: number;
  threadsReason: string;
  cores: number;
  /** In the order of the classes, of every time it was asked. */
  probabilities: number[][];
  logits: number[];
}

/** Runs in the page. */
async function askInPage({ entry, url, options, picture, times }: Question): Promise<Answer> {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, options);
  const { width, height } = picture;
  const data = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const probabilities: number[][] = [];
  for (let time = 0; time < times; time++) {
    const predictions = await model.classify({ data, width, height }, { topK: model.info.classes });
    probabilities.push(predictions.sort((a, b) => a.index - b.index).map(({ probability }) => probability));
  }
  const logits = Array.from(await model.logits({ data, width, height }));
  const { variant, threads, threadsReason } = model.info;
  model.dispose();
  return { variant, threads, threadsReason, cores: navigator.hardwareConcurrency, probabilities, logits };
}

async function ask(
  chromium: typeof isolated,
  options: Question['options'] = {},
  { url, times = 1 }: { url?: string; times?: number } = {},
): Promise<Answer> {
  const page = await chromium.usual();
  return page.evaluate(askInPage, { entry, url, options, picture: pack(picture), times });
}

const dtypes = ['fp32', 'int8'] as const;

const subjects = [
  // It comes with int8 weights.
  { name: 'the built-in model', url: undefined, path: undefined, times: 40, dtypes: ['int8'] as const },
  {
    name: 'a golden model',
    url: '/models/odd-sizes/',
    path: fileURLToPath(new URL('models/odd-sizes/', fixtures)),
    times: 40,
    dtypes,
  },
  ...(sharedIsThere
    ? [{ name: 'DeiT-Tiny', url: '/deit-tiny/', path: fileURLToPath(deitTiny), times: 5, dtypes }]
    : []),
];

describe.each(subjects)('$name', ({ url, path, times, dtypes }) => {
  it.each(variants.flatMap((instructions) => dtypes.map((dtype) => ({ instructions, dtype }))))(
    '$instructions, $dtype: gives the same to the bit with threads and without',
    async (given) => {
      const { instructions, dtype } = given;
      const alone = await ask(plain, { variant: instructions, dtype }, { url });
      const threaded = { variant: `${instructions}-threads`, threads: 2, dtype } as const;
      const shared = await ask(isolated, threaded, { url, times });
      expect([alone.variant, alone.threads]).toEqual([instructions, 1]);
      expect([shared.variant, shared.threads]).toEqual([`${instructions}-threads`, 2]);
      expect(bitsOf(shared.logits)).toEqual(bitsOf(alone.logits));
      for (const probabilities of shared.probabilities) {
        expect(bitsOf(probabilities)).toEqual(bitsOf(alone.probabilities[0]));
      }
      // Relaxed SIMD may round otherwise than plain SIMD, except in int8.
      if (instructions === 'relaxed' && dtype === 'fp32') return;
      const node = await load(path, { variant: 'simd', dtype });
      expect(bitsOf(shared.logits)).toEqual(bitsOf(await node.logits(picture)));
      node.dispose();
    },
  );
});

describe('an isolated page', () => {
  it('has as many threads as help, without being asked', async () => {
    const { variant, threads, threadsReason, cores } = await ask(isolated);
    expect(variant).toBe('relaxed-threads');
    expect(threads).toBe(Math.min(cores, 8)); // More do not help.
    expect(threadsReason).toMatch(/cores|help/);
  });

  it.each([
    [{ threads: 1 }, { variant: 'relaxed', threads: 1, threadsReason: 'one was requested' }],
    [{ threads: 2 }, { variant: 'relaxed-threads', threads: 2, threadsReason: '2 were requested' }],
    [
      { variant: 'simd', threads: 2 },
      { variant: 'simd-threads', threads: 2 },
    ],
    [{ variant: 'simd' }, { variant: 'simd', threads: 1, threadsReason: 'the "simd" build has one' }],
    [
      { worker: false },
      { variant: 'relaxed', threads: 1, threadsReason: expect.stringContaining('calling thread') },
    ],
  ] as const)('gives what %j asks for', async (options, expected) => {
    expect(await ask(isolated, options)).toMatchObject(expected);
  });

  it('has no more threads than cores', async () => {
    const { threads, threadsReason, cores } = await ask(isolated, { threads: 1000 });
    expect(threads).toBe(Math.min(cores, 64));
    expect(threadsReason).toContain("the machine's cores");
  });

  it('ends all threads when the model is disposed of', async () => {
    const page = await isolated.open();
    const browser = await page.context().browser()?.newBrowserCDPSession();
    const workers = async () => {
      const { targetInfos } = (await browser?.send('Target.getTargets')) ?? { targetInfos: [] };
      return targetInfos.filter(({ type }) => type === 'worker').length;
    };
    const before = await workers();
    await page.evaluate(keepModel, entry);
    expect(await workers()).toBe(before + 2);
    await page.evaluate(() => (self as unknown as Holder).model.dispose());
    // Chromium by itself would take two seconds.
    for (let tries = 0; tries < 50 && (await workers()) > before; tries++) await page.waitForTimeout(20);
    expect(await workers()).toBe(before);
  });

  it('whose loads are aborted while threads start has nothing uncaught', async () => {
    const page = await isolated.open();
    expect(await page.evaluate(abortLoads, { entry, times: 20 })).toBe(20);
    // What is left of the last load.
    await page.waitForTimeout(500);
  }, 60_000);

  it('a call whose thread dies is rejected', async () => {
    // One that is killed between two passes leaves all of the work to the other, which is as well.
    let failure = await killThreadAtWork();
    for (let tries = 0; tries < 4 && !failure; tries++) failure = await killThreadAtWork();
    expect(failure).toEqual({ code: 'engine', message: expect.stringContaining('load the model again') });
  }, 180_000);

  it.each([
    ['absent', 'a thread could not be started'],
    ['stalled', 'did not start within 5 seconds'],
  ])('whose threads do not start (script %s) has one', async (name, reason) => {
    const worker = { url: `/scripts/${name}.js` };
    const { threads, threadsReason, logits } = await ask(isolated, { variant: 'simd-threads', worker });
    expect([threads, threadsReason]).toEqual([1, expect.stringContaining(reason)]);
    expect(bitsOf(logits)).toEqual(bitsOf((await ask(plain, { variant: 'simd' })).logits));
  });
});

/** Runs in the page: aborts loads one after the other, each when a little more has arrived; how many ended by it. */
async function abortLoads({ entry, times }: { entry: string; times: number }): Promise<number> {
  const { load } = (await import(entry)) as Package;
  let aborted = 0;
  for (let time = 0; time < times; time++) {
    const abort = new AbortController();
    const onProgress = ({ loaded }: { loaded: number }) => {
      if (loaded >= time * 100_000) abort.abort();
    };
    try {
      const options = { signal: abort.signal, threads: 2, onProgress, cache: false };
      (await load(undefined, options)).dispose();
    } catch (error) {
      if (error === abort.signal.reason) aborted++;
    }
  }
  return aborted;
}

/** Stops a model's helper thread while it calculates; what its calls reject with, or undefined if they go on. */
async function killThreadAtWork(): Promise<{ code: string; message: string } | undefined> {
  const page = await isolated.open();
  const browser = await page.context().browser()?.newBrowserCDPSession();
  if (!browser) throw new Error('Chromium has gone.');
  const threads = async () => {
    const { targetInfos } = await browser.send('Target.getTargets');
    return targetInfos.filter(({ title }) => title === 'em-pthread').map(({ targetId }) => targetId);
  };
  const before = await threads();
  await page.evaluate(keepBusyModel, entry);
  const targetId = (await threads()).find((id) => !before.includes(id));
  if (!targetId) throw new Error('There is no thread to kill.');
  const answer = page.evaluate(classifyForAWhile);
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId });
  // By then one pass follows another.
  await page.waitForTimeout(300);
  const message = JSON.stringify({ id: 1, method: 'Runtime.terminateExecution' });
  await browser.send('Target.sendMessageToTarget', { sessionId, message });
  return answer;
}

/** Runs in the page. */
async function classifyForAWhile(): Promise<{ code: string; message: string } | undefined> {
  const { model } = self as unknown as Holder;
  const begin = performance.now();
  try {
    while (performance.now() - begin < 1000) await model.warmup();
    return undefined;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  } finally {
    model.dispose();
  }
}

type Holder = typeof globalThis & { model: Awaited<ReturnType<Package['load']>> };

/** Runs in the page. */
async function keepModel(entry: string): Promise<void> {
  const { load } = (await import(entry)) as Package;
  const model = await load(undefined, { threads: 2 });
  await model.warmup();
  (self as unknown as Holder).model = model;
}

/** Runs in the page: keeps a model whose calls take so long that its threads are hardly ever between two. */
async function keepBusyModel(entry: string): Promise<void> {
  const { load } = (await import(entry)) as Package;
  (self as unknown as Holder).model = await load(undefined, { threads: 2, imageSize: 128 });
}

describe('a page that is not isolated', () => {
  it('has one thread, says why, and fetches nothing for more', async () => {
    const before = plain.server().requests.length;
    const { variant, threads, threadsReason } = await ask(plain, { threads: 2 });
    expect([variant, threads]).toEqual(['relaxed', 1]);
    expect(threadsReason).toContain('Cross-Origin-Opener-Policy');
    const requests = plain.server().requests.slice(before);
    expect(requests.filter((path) => path.includes('threads'))).toEqual([]);
  });

  it('cannot be forced to run a build with threads', async () => {
    await expect(ask(plain, { variant: 'relaxed-threads' })).rejects.toThrow(
      /VitError: The "relaxed-threads" build cannot run here: the page is not cross-origin isolated/,
    );
  });
});
