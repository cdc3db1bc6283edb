// Long runs in Chromium, with every model in a worker: workers and memory have to be in the end what they were after the
// first few.
import { chromium, type Page } from 'playwright-core';

import { heapsOf, memoryOf, processOf } from '../browser/memory.js';
import { onPath } from '../browser/programs.js';
import { page as anyPage, startServer } from '../browser/server.js';
import { safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

type Package = typeof import('../../web/index.js');

const entry = '/package/index.js';
const flags = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--use-fake-device-for-media-stream=fps=30', '--use-fake-ui-for-media-stream'],
];

/** Runs `work` in a page that is served the built package and some models. */
export async function inPage<T>(dist: URL, work: (page: Page) => Promise<T>): Promise<T> {
  const weights = safetensors(tinyTensors());
  const server = await startServer({
    '/package/': dist,
    '/page/': anyPage,
    '/tiny/config.json': (_, response) => response.end(JSON.stringify(tinyConfig)),
    '/tiny/model.safetensors': (_, response) => {
      response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 3000));
      setTimeout(() => response.end(weights.subarray(3000)), 30);
    },
  });
  const browser = await chromium.launch({ executablePath: onPath('chromium'), args: flags });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/page/`);
    return await work(page);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Runs in the page: starts so many workers, one after another, each of which classifies a picture. */
async function startWorkers({ entry, count }: { entry: string; count: number }): Promise<number> {
  const { load } = (await import(entry)) as Package;
  const picture = { data: new Uint8Array(4 * 64 * 64).fill(99), width: 64, height: 64 };
  let answers = 0;
  for (let round = 0; round < count; round++) {
    const model = await load();
    if ((await model.classify(picture)).length === 5) answers++;
    model.dispose();
  }
  return answers;
}

/** Workers, the JavaScript heap and the memory of a page's process. */
async function holdings(page: Page, pid: number) {
  for (let tries = 0; tries < 50 && page.workers().length > 0; tries++) await page.waitForTimeout(100);
  const heaps = await heapsOf(page);
  await heaps.collectGarbage();
  await page.waitForTimeout(500);
  await heaps.collectGarbage();
  return { workers: page.workers().length, heap: await heaps.size(), physical: (await memoryOf(pid)).now };
}

export async function workersMany(dist: URL, count: number) {
  return await inPage(dist, async (page) => {
    const first = Math.min(50, Math.ceil(count / 5));
    await page.evaluate(startWorkers, { entry, count: first });
    const pid = await processOf(page);
    const before = await holdings(page, pid);
    const answers = first + (await page.evaluate(startWorkers, { entry, count: count - first }));
    return { answers, before, after: await holdings(page, pid) };
  });
}

/** Runs in the page: watches the camera for so many seconds; the answers, and what was wrong with any. */
async function watchCamera({ entry, seconds }: { entry: string; seconds: number }) {
  const { load } = (await import(entry)) as Package;
  const model = await load();
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: 640, height: 480, frameRate: 30 },
  });
  const outcome = { answers: 0, slowest: 0, empty: 0 };
  setTimeout(() => stream.getTracks().forEach((track) => track.stop()), 1000 * seconds);
  for await (const { predictions, latency } of model.watch(stream)) {
    outcome.answers++;
    outcome.slowest = Math.max(outcome.slowest, Math.round(latency));
    if (predictions.length !== 5) outcome.empty++;
  }
  model.dispose();
  return outcome;
}

/** Watches a camera for so many minutes; memory is compared with that after the first tenth, a minute at most. */
export async function framesFor(dist: URL, minutes: number) {
  return await inPage(dist, async (page) => {
    const first = Math.min(60, 6 * minutes);
    await page.evaluate(watchCamera, { entry, seconds: first });
    const pid = await processOf(page);
    const before = await holdings(page, pid);
    const outcome = await page.evaluate(watchCamera, { entry, seconds: 60 * minutes - first });
    return { ...outcome, before, after: await holdings(page, pid) };
  });
}

/** Runs in the page: aborts so many loads at random moments; those that ended otherwise than they should. */
async function abortLoads({ entry, count, seed }: { entry: string; count: number; seed: number }) {
  const { load } = (await import(entry)) as Package;
  let state = seed;
  const below = (end: number) => (state = (state * 48271) % 2147483647) % end;
  const outcome = { aborted: 0, loaded: 0, slowest: 0, faults: [] as string[] };
  for (let round = 0; round < count; round++) {
    const abort = new AbortController();
    let abortedAt: number | undefined;
    const timer = setTimeout(() => {
      abortedAt = performance.now();
      abort.abort('given up');
    }, below(250));
    const options = {
      signal: abort.signal,
      worker: below(3) > 0,
      cache: below(4) > 0 && `aborts ${below(5)}`,
    };
    const end = await Promise.race([
      load('/tiny/', options).then(
        (model) => {
          model.dispose();
          return 'loaded';
        },
        (error: unknown) => error,
      ),
      new Promise((resolve) => setTimeout(resolve, 10_000, 'still pending')),
    ]);
    clearTimeout(timer);
    if (abortedAt !== undefined) outcome.slowest = Math.max(outcome.slowest, performance.now() - abortedAt);
    if (end === 'given up') outcome.aborted++;
    else if (end === 'loaded') outcome.loaded++;
    else outcome.faults.push(`load ${round} with ${JSON.stringify(options)}: ${String(end)}`);
  }
  return outcome;
}

export async function abortsMany(dist: URL, count: number, seed: number) {
  return await inPage(dist, async (page) => {
    const outcome = await page.evaluate(abortLoads, { entry, count, seed });
    for (let tries = 0; tries < 50 && page.workers().length > 0; tries++) await page.waitForTimeout(100);
    return { ...outcome, workers: page.workers().length };
  });
}
