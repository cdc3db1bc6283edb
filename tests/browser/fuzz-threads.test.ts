// Mutated models in Chromium, on one thread and on three: the same answers to the bit, or the same errors. (Node, where
// most fuzzing is done, runs none of the builds with threads.)
import { beforeAll, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';

import { readModels, type Parts } from '../fuzz/models.js';
import { mutated } from '../fuzz/mutate.js';
import { pack } from '../fuzz/pack.js';
import { randomOf } from '../fuzz/random.js';
import { fixtures } from '../golden/fixtures.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { isolation, type Route } from './server.js';

/** Milliseconds that seeds run for. */
const longest = 30_000;

let models: Parts[];
beforeAll(async () => void (models = await readModels(fileURLToPath(fixtures))));

const caseOf = (seed: number) => {
  const random = randomOf(seed);
  return pack(mutated(random.pick(models), models, random), random);
};

/** Addresses are `/case/<seed>/<file>`. */
const answer: Route = ({ url = '' }, response) => {
  const [, , seed, file] = url.split('/');
  const { files } = caseOf(Number(seed));
  if (file in files) response.end(files[file]);
  else response.writeHead(404).end();
};

const chromium = inChromium({ ...usualRoutes, '/case/': answer }, isolation);

interface Question {
  entry: string;
  seed: number;
  weights: string;
}

/** Runs in the page: what comes of a model's files with one thread, and with three. */
async function endsOf({ entry, seed, weights }: Question) {
  const { load, VitError } = (await import(entry)) as Package;
  const picture = {
    data: new Uint8Array(4 * 33 * 21).map((_, at) => (at * 31) & 255),
    width: 33,
    height: 21,
  };
  const endWith = async (threads: number) => {
    try {
      const model = await load(`/case/${seed}/${weights}`, {
        variant: threads > 1 ? 'relaxed-threads' : 'relaxed',
        threads,
        cache: false,
      });
      try {
        const values = await (model.info.classes > 0 ? model.logits(picture) : model.embed(picture));
        return { end: values.join(), threads: model.info.threads };
      } finally {
        model.dispose();
      }
    } catch (error) {
      if (!(error instanceof VitError)) return { end: `no VitError but ${String(error)}`, threads };
      return { end: `${error.code}: ${error.message}`, threads };
    }
  };
  return [await endWith(1), await endWith(3)];
}

it('mutated models give the same on one thread and on three', async () => {
  const page = await chromium.open();
  const outcomes = { loaded: 0, refused: 0 };
  const until = performance.now() + longest;
  for (let seed = 1; performance.now() < until; seed++) {
    const { weights } = caseOf(seed);
    const [alone, shared] = await page.evaluate(endsOf, { entry, seed, weights });
    expect({ seed, ...shared }).toEqual({ seed, ...alone, threads: shared.threads });
    expect(alone.end).not.toMatch(/^no VitError|^engine:/);
    outcomes[/^[-\d]/.test(alone.end) ? 'loaded' : 'refused']++;
  }
  // Whatever the machine, enough to have met both.
  expect(outcomes.loaded).toBeGreaterThan(2);
  expect(outcomes.refused).toBeGreaterThan(5);
});
