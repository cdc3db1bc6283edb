import { execute, type Outcome } from './execute.js';
import type { Engine } from '../../web/engine/engine.js';
import { readModels, readSpeakers, type Parts } from './models.js';
import { mutated } from './mutate.js';
import { pack, type Packed } from './pack.js';
import { randomOf } from './random.js';
import { school, teach, type School } from './taught.js';
import { speak } from './words.js';

/** What cases are made from, and run with. */
export interface Materials {
  readonly models: readonly Parts[];
  /** Models of pictures and texts, with their tokenizers. */
  readonly speakers: readonly Parts[];
  readonly school: School;
  readonly start: () => Promise<Engine>;
}

export async function materials(fixtures: string, start: () => Promise<Engine>): Promise<Materials> {
  const [models, speakers] = await Promise.all([readModels(fixtures), readSpeakers(fixtures)]);
  return { models, speakers, school: await school(models[0], start), start };
}

/** The files of a seed, always the same as long as nothing here changes, and what is done with them. */
export interface Case {
  readonly packed: Packed;
  run(this: void): Promise<Outcome>;
}

export function caseOf(seed: number, { models, speakers, school, start }: Materials): Case {
  const random = randomOf(seed);
  const packedFrom = (all: readonly Parts[]) => {
    // The first is the smallest, and changed most often, for it is loaded the quickest.
    const model = random.oneIn(2) ? all[0] : random.pick(all);
    return pack(mutated(model, all, random), random);
  };
  if (random.oneIn(12)) {
    const packed = packedFrom(speakers);
    return { packed, run: () => execute(packed, seed, start, speak) };
  }
  if (random.oneIn(8)) {
    const packed = { files: {}, weights: '' };
    return { packed, run: () => execute(packed, seed, start, teach(school)) };
  }
  const packed = packedFrom(models);
  return { packed, run: () => execute(packed, seed, start) };
}
