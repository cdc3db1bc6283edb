// Many models in workers of their own, called at once and disposed of in the middle: every call gets its own right answer
// or says that its model is gone, and no worker is left.
import { expect, it } from '@jest/globals';

import { entry, inChromium, type Package } from './chromium.js';

const chromium = inChromium();

/** Runs in the page. */
async function callAtOnce(entry: string) {
  const { load } = (await import(entry)) as Package;
  const picture = (step: number) => ({
    data: Uint8Array.from({ length: 4 * 40 * 30 }, (_, at) => (at * 31 * step) & 255),
    width: 40,
    height: 30,
  });
  const places = ['/models/three-blocks/', '/models/odd-sizes/', '/models/one-head/'];
  const models = await Promise.all([...places, ...places].map((place) => load(place, { cache: false })));
  const alone: string[][] = [];
  for (const model of models) {
    const answers = await model.logits([1, 2, 3].map(picture));
    alone.push((answers as unknown as Float32Array[]).map((logits) => logits.join()));
  }
  const outcome = { right: 0, disposed: 0, faults: [] as string[] };
  const calls: Promise<void>[] = [];
  for (let round = 0; round < 300; round++) {
    const at = (round * 7) % models.length;
    const which = (round * 5) % 3;
    calls.push(
      models[at].logits(picture(which + 1)).then(
        (logits) => {
          if (logits.join() === alone[at][which]) outcome.right++;
          else outcome.faults.push(`model ${at} gave another's answer`);
        },
        (error: { code?: string; message: string }) => {
          if (error.code === 'disposed' && at < 2) outcome.disposed++;
          else outcome.faults.push(`model ${at}: ${error.message}`);
        },
      ),
    );
    if (round === 100) models[0].dispose();
    if (round === 200) models[1].dispose();
    if (round % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(calls);
  for (const model of models) model.dispose();
  return outcome;
}

it('models in several workers are called at once, and two are disposed of on the way', async () => {
  const page = await chromium.open();
  const { right, disposed, faults } = await page.evaluate(callAtOnce, entry);
  expect(faults).toEqual([]);
  expect(right + disposed).toBe(300);
  expect(right).toBeGreaterThan(150);
  expect(disposed).toBeGreaterThan(10);
  for (let tries = 0; tries < 100 && page.workers().length > 0; tries++) await page.waitForTimeout(50);
  expect(page.workers()).toHaveLength(0);
});
