// The list of families, and whether a checkpoint can be of one.
import { VitError } from '../../errors.js';
import type { JsonObject } from '../json.js';
import type { Family } from './family.js';
import { vit } from './vit.js';

export const families: readonly Family[] = [vit];

/** The families a config.json allows: those that claim it, or all when it does not say. `file` is its name. */
export function familiesFor(config: JsonObject, file: string): readonly Family[] {
  const claiming = families.filter((family) => family.claims(config));
  if (claiming.length > 0) return claiming;
  const modelType = config['model_type'] ?? undefined;
  if (modelType === undefined) return families;
  const known = families.map((family) => `"${family.modelType}"`).join(', ');
  throw new VitError(
    'unsupported-model',
    `${file} has model_type ${JSON.stringify(modelType)}; vit-wasm reads checkpoints of model_type ${known}.`,
  );
}
