import type { Size } from '../../web/types.js';
import { fixtures, readJson } from './fixtures.js';
import type { ImageDescription } from './noise.js';

/** A tiny model of families.json, whose folder is `families/<name>/`. */
export interface FamilyModel {
  name: string;
  modelType: string;
  cases: FamilyCase[];
}

/** A picture that a model was shown; `<name>.tokens` and `<name>.logits` are what the reference made of it. */
export interface FamilyCase {
  name: string;
  picture: ImageDescription;
  /** Where it is not the size that the folder's files say. */
  imageSize?: Size;
}

export const familyModels = await readJson<FamilyModel[]>('families.json');

export function familyFolder(model: FamilyModel): URL {
  return new URL(`families/${model.name}/`, fixtures);
}
