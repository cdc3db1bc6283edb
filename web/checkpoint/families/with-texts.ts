// The families that take classes in words.
import type { JsonObject } from '../files/json.js';
import { clip, siglip } from './clip.js';
import { claimed } from './common.js';
import type { Family, TextTower } from './family.js';
import { openClip, openClipSiglip } from './open-clip.js';

const withTexts: readonly Family[] = [clip, siglip, openClip, openClipSiglip];

/** The tower for texts of the family that a config.json claims to be of; `file` is its name. */
export function towerOf(config: JsonObject, file: string): TextTower | undefined {
  return claimed(withTexts, config, file).at(0)?.texts;
}
