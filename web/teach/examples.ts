// Examples, settings, and the result of training.
import type { FewShotMethod } from '../types.js';

/** Embeddings with their classes. */
export interface Examples {
  /** [count × width]. */
  readonly data: Float32Array;
  readonly width: number;
  /** The class of each: 0 to `classes` − 1. */
  readonly labels: readonly number[];
  readonly classes: number;
}

export interface HeadSettings {
  readonly method: FewShotMethod;
  readonly l2: number;
  readonly neighbors: number;
}

/** The result of training. */
export interface Trained {
  readonly labels: readonly string[];
  readonly examples: Examples;
  /** See `trainedWeights` in heads.ts. */
  readonly weights: Float64Array | undefined;
}
