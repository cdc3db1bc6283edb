// Classifiers for one's own classes, as functions of a model.
import { VitError } from './errors.js';
import type { Model } from './model.js';
import { shown } from './shown.js';
import { fewShotFromJSON as fromJSON } from './teach/few-shot.js';
import type { FewShot, FewShotOptions } from './types.js';

/** See {@link Model.fewShot}. */
export function fewShot(model: Model, options: FewShotOptions = {}): FewShot {
  checkModel(model, 'fewShot');
  return model.fewShot(options);
}

/** Restores a classifier saved by `toJSON`, for the same model. */
export async function fewShotFromJSON(model: Model, json: unknown): Promise<FewShot> {
  checkModel(model, 'fewShotFromJSON');
  return await fromJSON(model, json);
}

/** Accepts a model of another copy of the package, too. */
function checkModel(model: Partial<Model> | null | undefined, taker: string): void {
  if (typeof model?.fewShot === 'function') return;
  throw new VitError(
    'invalid-argument',
    `${taker} expects a model returned by load(), but was given ${shown(model)}.`,
  );
}
