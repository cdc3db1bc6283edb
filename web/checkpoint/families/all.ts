// The list of families, and whether a checkpoint can be of one.
import { JsonFields, type JsonObject } from '../files/json.js';
import { beit, data2vecVision } from './beit.js';
import { clip, siglip, siglipClassifier } from './clip.js';
import { deit } from './deit.js';
import { dinov2, dinov2WithRegisters } from './dinov2.js';
import { dinov3 } from './dinov3.js';
import type { Family } from './family.js';
import { google } from './google.js';
import { refusalOf } from './refusals.js';
import { swin, swinv2 } from './swin.js';
import { timm, timmMap } from './timm.js';
import { timmSwin } from './timm-swin.js';
import { torchvision } from './torchvision.js';
import { iJepa, vit, vitMae, vitMsn } from './vit.js';

export const families: readonly Family[] = [
  vit,
  deit,
  dinov2,
  dinov2WithRegisters,
  dinov3,
  vitMae,
  vitMsn,
  iJepa,
  beit,
  data2vecVision,
  clip,
  siglip,
  siglipClassifier,
  timm,
  timmMap,
  timmSwin,
  swin,
  swinv2,
  torchvision,
  google,
];

/** The families a config.json allows: those that claim it, or all when it does not say. `file` is its name. */
export function familiesFor(config: JsonObject, file: string): readonly Family[] {
  const claiming = families.filter((family) => claims(family, config));
  for (const family of claiming) family.check?.(new JsonFields(config, file, 'config'));
  if (claiming.length > 0) return claiming;
  const modelType = config['model_type'] ?? undefined;
  if (modelType === undefined) return families;
  throw refusalOf(modelType, families, file);
}

function claims(family: Family, config: JsonObject): boolean {
  return family.claims ? family.claims(config) : config['model_type'] === family.modelType;
}
