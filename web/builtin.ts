/**
 * The built-in model as a module.
 *
 * @module vit-wasm/builtin
 */
import packed from '../models/tinyimagenet-vit/model.safetensors';
import config from '../models/tinyimagenet-vit/config.json' with { type: 'json' };
import preprocessor from '../models/tinyimagenet-vit/preprocessor_config.json' with { type: 'json' };
import { fromBase64 } from './platform/base64.js';
import type { ModelInMemory } from './types.js';

let weights: Uint8Array<ArrayBuffer> | undefined;

/**
 * The built-in model including its weights, for environments where other files cannot be located: a module of 4.5 MB
 * that needs no other file. `load()` in `vit-wasm/inline` imports it when called without a model; nothing else needs
 * it.
 *
 * A small ViT for 64×64 pictures of 200 everyday things, from espresso to school bus, with int8 weights.
 *
 * @example
 * ```ts
 * import { load } from 'vit-wasm';
 * import { builtin } from 'vit-wasm/builtin';
 *
 * const model = await load(builtin);
 * ```
 */
export const builtin: ModelInMemory = {
  get weights() {
    return (weights ??= fromBase64(packed));
  },
  config,
  preprocessor,
};
