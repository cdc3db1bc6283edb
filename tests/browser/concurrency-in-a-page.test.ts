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

/** The page's own worker: loads a model through the cache that all share, and answers again and again. */
const ownWorker = `
  const { load } = await import('/package/index.js');
  const picture = { data: Uint8Array.from({ length: 4 * 40 * 30 }, (_, at) => (at * 31) & 255), width: 40, height: 30 };
  for (let round = 0; round < 20; round++) {
    const model = await load('/models/odd-sizes/', { cache: 'shared', worker: round % 2 === 0 });
    const calls = [1, 2, 3].map(() => model.logits(picture).then((logits) => logits.join(), (error) => error.code));
    if (round % 5 === 4) model.dispose();
    postMessage(await Promise.all(calls));
    model.dispose();
  }
  postMessage('done');
`;

/** Runs in the page: four such workers, one of which is ended in the middle; the answers of all, and how many came to an end. */
async function fromWorkers(source: string) {
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const outcome = { answers: {} as Record<string, number>, done: 0, errors: [] as string[] };
  const run = (at: number) =>
    new Promise<void>((resolve) => {
      const worker = new Worker(address, { type: 'module' });
      worker.onerror = ({ message }) => {
        outcome.errors.push(message);
        resolve();
      };
      let messages = 0;
      worker.onmessage = ({ data }: MessageEvent<string[] | 'done'>) => {
        if (data === 'done') outcome.done++;
        else for (const answer of data) outcome.answers[answer] = (outcome.answers[answer] ?? 0) + 1;
        if (data === 'done' || (at === 3 && ++messages === 7)) {
          worker.terminate();
          resolve();
        }
      };
    });
  await Promise.all([0, 1, 2, 3].map(run));
  return outcome;
}

it("several of the page's own workers load and call through one cache, and one is ended on the way", async () => {
  const page = await chromium.open();
  // A module of a blob has no address to import from but the page's own.
  const source = ownWorker
    .replace("'/package/", `'${chromium.server().origin}/package/`)
    .replace("'/models/", `'${chromium.server().origin}/models/`);
  const { answers, done, errors } = await page.evaluate(fromWorkers, source);
  expect(errors).toEqual([]);
  expect(done).toBe(3);
  const { disposed = 0, ...others } = answers;
  // One answer, always the same, but where the model was disposed of before.
  expect(Object.keys(others)).toHaveLength(1);
  expect(Object.values(others)[0]).toBeGreaterThan(3 * 20 * 3 * 0.7);
  expect(disposed).toBeGreaterThan(0);
});
