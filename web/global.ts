// The build for `<script src>`: one file, whose exports are the properties of the global `vitWasm`.
import { browser } from './platform/browser.js';
import { builtinFiles } from './platform/builtin-files.js';
import { embeddedParts } from './platform/embedded-parts.js';
import { loadModel } from './load.js';
import type { Model } from './model.js';
import type { LoadOptions, ModelLocation } from './types.js';

// Known only while the script runs for the first time.
const { src } = document.currentScript as HTMLScriptElement;

const platform = browser({
  ...embeddedParts,
  builtin: () =>
    Promise.resolve(builtinFiles({ kind: 'url', url: new URL('./builtin/model.safetensors', src).href })),
});

/** As in index.ts. The built-in model is beside this script; everything else is inside it. */
export function load<Label extends string = string>(
  model?: ModelLocation,
  options: LoadOptions = {},
): Promise<Model<Label>> {
  return loadModel(platform, model, options);
}

export { clearCache, listCache } from './cache/browser-cache.js';
export * from './public.js';
