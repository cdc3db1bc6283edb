import type { ModelFiles } from '../checkpoint/files/model-files.js';
import { compileUrl } from '../engine/compile.js';
import { importGlue } from './glues.js';
import type { Parts } from './platform.js';
import type { Variant } from '../types.js';

/** The files of each build. Written out, because bundlers look for these very words. */
const files: Record<Variant, { wasm(): URL; worker(): URL }> = {
  relaxed: {
    wasm: () => new URL('./vit.relaxed.wasm', import.meta.url),
    worker: () => new URL('./worker.relaxed.js', import.meta.url),
  },
  simd: {
    wasm: () => new URL('./vit.simd.wasm', import.meta.url),
    worker: () => new URL('./worker.simd.js', import.meta.url),
  },
  'relaxed-threads': {
    wasm: () => new URL('./vit.relaxed-threads.wasm', import.meta.url),
    worker: () => new URL('./worker.relaxed-threads.js', import.meta.url),
  },
  'simd-threads': {
    wasm: () => new URL('./vit.simd-threads.wasm', import.meta.url),
    worker: () => new URL('./worker.simd-threads.js', import.meta.url),
  },
};

/** The package's parts as files beside the script, each fetched when it is needed. */
export const fetchedParts: Parts = {
  wasm: (variant, limits) => compileUrl(files[variant].wasm().href, limits),
  worker: (variant) => files[variant].worker().href,
  rare: () => new URL('./worker.rare.js', import.meta.url).href,
  glue: importGlue,
  builtin: builtinBeside,
};

/** The built-in model; its weights and configuration are fetched only when it is loaded. */
export async function builtinBeside(): Promise<ModelFiles> {
  const { href } = new URL('./builtin/model.safetensors', import.meta.url);
  const { builtinFiles } = await import('./builtin-files.js');
  return builtinFiles({ kind: 'url', url: href });
}
