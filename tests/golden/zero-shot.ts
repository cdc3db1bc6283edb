import { fixtures, readJson } from './fixtures.js';
import type { ImageDescription } from './noise.js';

/** A tiny model of zero-shot.json, whose folder is `zero-shot/<name>/`. */
export interface ZeroShotModel {
  name: string;
  picture: ImageDescription;
  labels: string[];
  /** The tokens of each label, up to its end. */
  ids: number[][];
}

export const zeroShotModels = await readJson<ZeroShotModel[]>('zero-shot.json');

/** The tokens of a model's labels as its text encoder takes them: SigLIP's filled up to 64, CLIP's not. */
export function textsOf({ name, ids }: ZeroShotModel): number[][] {
  const end = 1;
  return name === 'siglip' ? ids.map((row) => [...row, ...Array<number>(64 - row.length).fill(end)]) : ids;
}

export function zeroShotFolder(model: ZeroShotModel): URL {
  return new URL(`zero-shot/${model.name}/`, fixtures);
}
