import type { Pixels } from '../pictures/pixels.js';
import type { ModelInfo } from '../types.js';
import type { Verb, VerbOptions, VerbResult } from './verbs.js';

/** Where a loaded model runs: in this thread (in-place.ts) or in a worker (in-worker.ts). */
export interface Runner {
  readonly info: ModelInfo;

  /** Performs a verb on a picture. The caller waits for one call to settle before the next. */
  run<V extends Verb>(verb: V, image: Pixels, options: VerbOptions<V>): Promise<VerbResult<V>>;

  /** Frees everything. A call under way never settles. */
  dispose(): void;
}
