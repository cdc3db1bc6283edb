import { mutated } from './mutate.js';
import type { Parts } from './models.js';
import { pack, type Packed } from './pack.js';
import { randomOf } from './random.js';

/** The case of a seed: always the same files, as long as nothing here changes. */
export function caseOf(seed: number, models: readonly Parts[]): Packed {
  const random = randomOf(seed);
  // The smallest is changed most often, for it is loaded the quickest.
  const model = random.oneIn(2) ? models[0] : random.pick(models);
  return pack(mutated(model, models, random), random);
}
