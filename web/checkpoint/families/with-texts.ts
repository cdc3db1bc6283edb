// The families that take classes in words, and their text encoders.
import type { JsonObject } from '../files/json.js';
import { clip, siglip } from './clip.js';
import { clipText, siglipText } from './clip-text.js';
import { claimed } from './common.js';
import type { Family, TextTower } from './family.js';
import { openClip, openClipSiglip, openClipSiglipText, openClipText } from './open-clip.js';

const towers = new Map<Family, TextTower>([
  [clip, clipText],
  [siglip, siglipText],
  [openClip, openClipText],
  [openClipSiglip, openClipSiglipText],
]);

/** The text encoder of the family that a config.json claims to be of; `file` is its name. */
export function towerOf(config: JsonObject, file: string): TextTower | undefined {
  const [family] = claimed([...towers.keys()], config, file);
  return family && towerBeside(family);
}

/** The text encoder that accompanies a family's image encoder. */
export function towerBeside(family: Family): TextTower | undefined {
  return towers.get(family);
}
