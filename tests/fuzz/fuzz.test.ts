// What fuzzing found once is never found again, and a while of it runs with every test: `npm run fuzz` goes on from there.
import { beforeAll, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Engine } from '../../web/engine/engine.js';
import { caseOf, materials, type Materials } from './cases.js';
import { engines } from './engines.js';
import { execute } from './execute.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** A folder for every case: a model's files, and in outcome.txt what comes of it. */
const corpus = await readdir(path('corpus'));

/** Milliseconds that the seeds run for: most of a minute, with what comes before and after. */
const longest = 30_000;

let all: Materials;
let start: () => Promise<Engine>;

beforeAll(async () => {
  start = await engines(path('../../dist'));
  all = await materials(path('../golden/fixtures'), start);
});

it.each(corpus)('%s', async (name) => {
  const folder = path(`corpus/${name}`);
  const names = await readdir(folder);
  const read = async (file: string) => [file, new Uint8Array(await readFile(join(folder, file)))] as const;
  const { 'outcome.txt': outcome, ...files } = Object.fromEntries(await Promise.all(names.map(read)));
  const archive = names.find((file) => /\.(zip|npz)$/.test(file));
  const packed = { files, weights: archive ?? 'model.safetensors' };
  expect(await execute(packed, 1, start)).toBe(new TextDecoder().decode(outcome).trim());
});

it('seeds of this minute', async () => {
  const until = performance.now() + longest;
  const outcomes = new Set<string>();
  let seed = 1;
  for (; performance.now() < until && seed <= 20_000; seed++) {
    outcomes.add(
      await caseOf(seed, all)
        .run()
        .catch((error: unknown) => {
          throw new Error(`Seed ${seed}: ${String(error)}`);
        }),
    );
  }
  // Whatever the machine, enough of them to have met both ends and the middle.
  expect([...outcomes]).toEqual(expect.arrayContaining(['loaded', 'not-safetensors', 'config', 'tensors']));
});
