/**
 * The package's main entry.
 *
 * @module vit-wasm
 */
import { browser } from './platform/browser.js';
import { loadModel } from './load.js';
import { fetchedParts } from './platform/fetched-parts.js';
import type { Model } from './model.js';
import type { LoadOptions, ModelLocation } from './types.js';

const platform = browser(fetchedParts);

/**
 * Loads a Vision Transformer; without an argument, the built-in one.
 *
 * In a browser the model runs in its own worker, so the page stays responsive; in Node it runs in the calling thread. A
 * load that fails or is aborted leaves nothing behind.
 *
 * If the classes are known, `load<'cat' | 'dog'>(…)` makes them the type of every `label`. Whether the model has these
 * classes is not checked.
 *
 * Rejects with a {@link VitError} whose `code` says what was wrong: the files (`not-found`, `unreadable`, `html`,
 * `truncated`, `integrity`, `too-large`, `not-safetensors`, `malformed-archive`, `unsupported-format`), the model
 * (`unsupported-model`, `config`, `preprocessor`, `tensors`), the call (`invalid-argument`, `unsupported-option`) or
 * the environment (`no-simd`, `wasm`, `threads`, `worker`, `engine`).
 *
 * @example
 * ```ts
 * import { load } from 'vit-wasm';
 *
 * const model = await load('facebook/deit-tiny-patch16-224', {
 *   onProgress: ({ overall }) => (bar.value = overall.loaded / overall.total),
 * });
 * const predictions = await model.classify(canvas, { topK: 3 });
 * // [{ label: 'tabby, tabby cat', probability: 0.41, index: 281 }, …]
 * model.dispose();
 * ```
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
