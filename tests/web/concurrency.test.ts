// Many models, many calls, and models disposed of in the middle: every call gets its own right answer or says that its
// model is gone. (Node runs models in place; tests/browser/concurrency-in-a-page.test.ts has them in workers.)
import { expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { randomOf } from '../fuzz/random.js';
import { makeTensor, safetensors, tinyConfig, tinyTensors } from './tiny-checkpoint.js';

const seeds = [0, 1, 2, 3, 4, 5];
const weightsOf = (seed: number) =>
  safetensors(tinyTensors().map(({ name, shape }, at) => makeTensor(name, shape, at + 10 * seed)));
const pictures = [1, 2, 3].map((step) => ({
  data: Uint8Array.from({ length: 4 * 20 * 12 }, (_, at) => (at * 31 * step) & 255),
  width: 20,
  height: 12,
}));

it('many models answer many calls at once, while others come and go', async () => {
  const random = randomOf(13);
  const models = await Promise.all(
    seeds.map((seed) => load({ weights: weightsOf(seed), config: tinyConfig })),
  );
  const expected: Float32Array[][] = [];
  for (const model of models) expected.push(await model.logits(pictures));

  let answered = 0;
  let gone = 0;
  const disposed = new Set<number>();
  const call = async (at: number) => {
    const which = random.below(pictures.length);
    const abort = new AbortController();
    if (random.oneIn(10)) setTimeout(() => abort.abort('enough'));
    const end = await models[at]
      .logits(pictures[which], { signal: abort.signal })
      .catch((error: unknown) => error);
    if (end instanceof Float32Array) {
      expect(end).toEqual(expected[at][which]);
      answered++;
    } else if (end !== 'enough') {
      expect(end).toMatchObject({ name: 'VitError', code: 'disposed' });
      expect(disposed).toContain(at);
      gone++;
    }
  };
  const calls: Promise<void>[] = [];
  for (let round = 0; round < 600; round++) {
    calls.push(call(random.below(models.length)));
    if (round % 150 === 149) {
      const at = round % 4;
      disposed.add(at);
      models[at].dispose();
    }
    if (random.oneIn(20)) {
      const seed = random.below(seeds.length);
      const coming = load({ weights: weightsOf(seed), config: tinyConfig });
      calls.push(
        coming.then(async (model) => {
          expect(await model.logits(pictures[0])).toEqual(expected[seed][0]);
          model.dispose();
        }),
      );
    }
    if (random.oneIn(5)) await new Promise((resolve) => setTimeout(resolve));
  }
  await Promise.all(calls);
  expect(answered).toBeGreaterThan(200);
  expect(gone).toBeGreaterThan(10);
  for (const model of models) model.dispose();
});
