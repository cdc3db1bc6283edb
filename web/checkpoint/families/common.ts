// The families that most models are of, and whether a checkpoint can be of one.
import { JsonFields, type JsonObject } from '../files/json.js';
import { clip, siglip, siglipClassifier } from './clip.js';
import { deit } from './deit.js';
import { dinov2, dinov2WithRegisters } from './dinov2.js';
import { dinov3 } from './dinov3.js';
import type { Family } from './family.js';
import { timm, timmMap } from './timm.js';
import { iJepa, vit, vitMae, vitMsn } from './vit.js';

/** Those that every worker has inside; the others are in all.ts. */
export const common: readonly Family[] = [
  vit,
  deit,
  dinov2,
  dinov2WithRegisters,
  dinov3,
  vitMae,
  vitMsn,
  iJepa,
  clip,
  siglip,
  siglipClassifier,
  timm,
  timmMap,
];

/** Those of `families` that a config.json claims to be of. `file` is its name. */
export function claimed(families: readonly Family[], config: JsonObject, file: string): readonly Family[] {
  const claiming = families.filter((family) => claims(family, config));
  for (const family of claiming) family.check?.(new JsonFields(config, file, 'config'));
  return claiming;
}

function claims(family: Family, config: JsonObject): boolean {
  return family.claims ? family.claims(config) : config['model_type'] === family.modelType;
}
