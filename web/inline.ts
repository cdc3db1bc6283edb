/**
 * The main entry with everything inside.
 *
 * @module vit-wasm/inline
 */
import { browser } from './platform/browser.js';
import { builtinFiles } from './platform/builtin-files.js';
import { embeddedParts } from './platform/embedded-parts.js';
import { loadModel } from './load.js';
import type { Model } from './model.js';
import type { LoadOptions, ModelLocation } from './types.js';

const platform = browser({
  ...embeddedParts,
  async builtin() {
    const { weights } = (await import('./builtin.js')).builtin;
    return builtinFiles({ kind: 'bytes', bytes: weights as Uint8Array });
  },
});

/**
 * The same as `load` of `vit-wasm`, with the WebAssembly and the worker inside the script: for bundlers that do not
 * find or copy files beside a module, and for service workers, which cannot load further scripts. The worker is started
 * from a Blob, which a content security policy has to allow with `worker-src blob:`; otherwise give the address of the
 * package's `worker.<variant>.js` with `worker: { url }`, or use `worker: false`.
 *
 * The built-in model is a separate module, imported only by `load()` without a model.
 *
 * @group Start here
 */
export function load<Label extends string = string>(
  model?: ModelLocation,
  options: LoadOptions = {},
): Promise<Model<Label>> {
  return loadModel(platform, model, options);
}

export { clearCache, listCache } from './cache/browser-cache.js';
export * from './public.js';
