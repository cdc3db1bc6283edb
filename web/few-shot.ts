// Classifiers of one's own classes, as functions of a model.
import type { Model } from './model.js';
import { fewShotFromJSON as fromJSON } from './teach/few-shot.js';
import type { FewShot, FewShotOptions } from './types.js';

/** See {@link Model.fewShot}. */
export function fewShot(model: Model, options: FewShotOptions = {}): FewShot {
  return model.fewShot(options);
}

/** A classifier as `toJSON` saved it, for the same model. */
export function fewShotFromJSON(model: Model, json: unknown): Promise<FewShot> {
  return fromJSON(model, json);
}
