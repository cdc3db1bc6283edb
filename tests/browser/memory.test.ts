// How much memory a model takes: at the peak of loading, where ViT-B's file has 346 MB and hardly more than the packed
// weights is ever there; and afterwards, for as long as it is kept.
import { describe, expect, it } from '@jest/globals';

import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { forgetPeak, heapsOf, memoryOf, processOf, type Heaps } from './memory.js';
import { packedBytes, randomWeights } from './random-weights.js';

/** The most that a load may take of wasm memory and JavaScript heap, of a model that takes so many bytes. */
const allowedInLoading = (modelBytes: number) => 1.25 * modelBytes + 40e6;
/** The most that wasm memory and JavaScript heap may have once it is loaded, of weights that take so many bytes. */
const allowedLoaded = (weightBytes: number) => 1.15 * weightBytes + 20e6;

/**
 * What the browser's own objects take besides in the same process. Chromium leaves the buffers through which a response
 * comes to the collector of its C++ heap (`embedderHeapUsedSize`), which comes after some 60 MB, whoever reads the body.
 */
const ofTheBrowser = 64e6;

const chromium = inChromium({
  ...usualRoutes,
  '/random/base/': randomWeights('base'),
  '/random/tiny/': randomWeights('tiny'),
});

/** Measures until `end`, which gives the most there was. */
function watch(heaps: Heaps): { end: () => Promise<number> } {
  let peak = 0;
  let ended = false;
  const watching = (async () => {
    while (!ended) peak = Math.max(peak, await heaps.size());
  })();
  const end = async () => {
    ended = true;
    await watching;
    return peak;
  };
  return { end };
}

/** Runs in the page: loads the model, keeps it, and says how large it is. */
async function loadModel({ entry, url, options }: { entry: string; url: string; options: object }) {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, options);
  // None is let go of, so that what is measured is only ever what comes.
  const { models = [] } = self as { models?: unknown[] };
  Object.assign(self, { models: [...models, model] });
  return model.info.memoryBytes;
}

/** Runs in the page: classifies a picture of a camera's size. */
async function classifyOnce() {
  const { models } = self as unknown as { models: Awaited<ReturnType<Package['load']>>[] };
  const [width, height] = [1920, 1080];
  await models.at(-1)?.classify({ data: new Uint8ClampedArray(4 * width * height), width, height });
}

const places = [
  { worker: true, cache: true },
  { worker: true, cache: false },
  { worker: false, cache: true },
  { worker: false, cache: false },
];

describe.each(['fp32', 'int8'] as const)('ViT-B in %s', (dtype) => {
  it.each(places)('is loaded in 1.25 of its size and 40 MB: %j', async (place) => {
    const page = await chromium.open();
    await page.evaluate(loadModel, { entry, url: '/models/three-blocks/', options: place });
    const pid = await processOf(page);
    await forgetPeak(pid);
    const before = await memoryOf(pid);
    const watching = watch(await heapsOf(page));
    const options = { ...place, dtype };
    const modelBytes = await page.evaluate(loadModel, { entry, url: `/random/base/${dtype}/`, options });
    const heap = await watching.end();
    const physical = (await memoryOf(pid)).peak - before.now;
    show({ ...options, modelBytes, heap, physical });
    expect(heap).toBeGreaterThan(1e5);
    expect(modelBytes + heap).toBeLessThan(allowedInLoading(modelBytes));
    expect(physical).toBeGreaterThan(modelBytes / 2);
    expect(physical).toBeLessThan(allowedInLoading(modelBytes) + ofTheBrowser);
  });
});

describe.each(['tiny', 'base'] as const)('a ViT of size %s', (size) => {
  it.each([
    { dtype: 'fp32', worker: true },
    { dtype: 'fp32', worker: false },
    { dtype: 'int8', worker: true },
    { dtype: 'int8', worker: false },
  ] as const)('is kept in 1.15 of its weights and 20 MB: %j', async ({ dtype, worker }) => {
    const page = await chromium.open();
    // The browser's own share, its compiled code above all, is there before the model comes.
    await page.evaluate(loadModel, { entry, url: '/models/three-blocks/', options: { worker } });
    await page.evaluate(classifyOnce);
    const pid = await processOf(page);
    const heaps = await heapsOf(page);
    await heaps.collectGarbage();
    const before = await memoryOf(pid);
    const measure = async () => {
      await heaps.collectGarbage();
      return { heap: await heaps.size(), physical: (await memoryOf(pid)).now - before.now };
    };
    const options = { dtype, worker, cache: false };
    const modelBytes = await page.evaluate(loadModel, { entry, url: `/random/${size}/`, options });
    const loaded = await measure();
    await page.evaluate(classifyOnce);
    const used = await measure();
    const weightBytes = packedBytes(size, dtype);
    show({ size, dtype, worker, weightBytes, modelBytes, loaded, used });
    expect(modelBytes).toBeGreaterThan(weightBytes);
    for (const { heap, physical } of [loaded, used]) {
      expect(heap).toBeGreaterThan(1e5);
      expect(modelBytes + heap).toBeLessThan(allowedLoaded(weightBytes));
      expect(physical).toBeGreaterThan(weightBytes);
      expect(physical).toBeLessThan(allowedLoaded(weightBytes));
    }
  });
});

function show(sizes: object): void {
  if (process.env['SHOW_MEMORY']) console.log(JSON.stringify(sizes));
}
