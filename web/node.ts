import { loadModel } from './load.js';
import type { Model } from './model.js';
import { node } from './platform/node-platform.js';
import type { LoadOptions, ModelLocation } from './types.js';

/** As in index.ts; locations are paths on disk here. */
export function load<Label extends string = string>(
  model?: ModelLocation,
  options: LoadOptions = {},
): Promise<Model<Label>> {
  return loadModel(node, model, options);
}

export { clearCache, listCache } from './cache/node-cache.js';
export * from './public.js';
