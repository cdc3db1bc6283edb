// The list of families, and those that a checkpoint can be of.
import type { JsonObject } from '../files/json.js';
import { aimv2 } from './aimv2.js';
import { beit, data2vecVision } from './beit.js';
import { claimed, common } from './common.js';
import type { Family } from './family.js';
import { google } from './google.js';
import { openClip, openClipSiglip } from './open-clip.js';
import { refusalOf } from './refusals.js';
import { swin, swinv2 } from './swin.js';
import { timmRare } from './timm-rare.js';
import { timmSwin } from './timm-swin.js';
import { torchvision } from './torchvision.js';

export const families: readonly Family[] = [
  ...common,
  beit,
  data2vecVision,
  aimv2,
  openClip,
  openClipSiglip,
  ...timmRare,
  timmSwin,
  swin,
  swinv2,
  torchvision,
  google,
];

/** The families a config.json allows: those that claim it, or all when it does not say. `file` is its name. */
export function familiesFor(config: JsonObject, file: string): readonly Family[] {
  const claiming = claimed(families, config, file);
  if (claiming.length > 0) return claiming;
  const modelType = config['model_type'] ?? undefined;
  if (modelType === undefined) return families;
  throw refusalOf(modelType, families, file);
}
