/**
 * Functions of embeddings and tokens, from any model: no WebAssembly, nothing to load. Each can be imported alone.
 *
 * @module vit-wasm/features
 */
export { energy } from './features/energy.js';
export { foreground, type ForegroundOptions } from './features/foreground.js';
export type { Mask, PatchClasses, PatchMap, TokenGrid } from './features/grid.js';
export { masks } from './features/masks.js';
export type { ClusterOptions, PatchClusters, ThresholdMask, ThresholdOptions } from './features/masks.js';
export { patchSimilarity } from './features/patch-similarity.js';
export { principalComponents } from './features/principal-components.js';
export type {
  PatchImage,
  PrincipalBasis,
  PrincipalComponents,
  PrincipalOptions,
} from './features/principal-components.js';
export { nearest, similarity } from './features/vectors.js';
export type { Neighbor } from './features/vectors.js';
