import type { Picture } from '../pictures/decode.js';
import type { Pixels } from '../pictures/pixels.js';
import type { ModelInfo } from '../types.js';
import type { TextVectors } from './text-model.js';
import type { Verb, VerbOptions, VerbResult } from './verbs.js';

/** Where a loaded model runs: in this thread (in-place.ts) or in a worker (in-worker.ts). */
export interface Runner {
  readonly info: ModelInfo;
  /** Whether it decodes files itself; else it is given pixels. */
  readonly decodes: boolean;
  /** Resolves, and never rejects, once downloads are in the cache or cannot be. */
  readonly kept: Promise<void>;

  /** Takes the picture of the next `run`, whose bands have been iterated when this returns. */
  take(picture: Pixels): undefined;

  /**
   * Performs a verb, on a picture if it is one that takes any and was not given one before. The caller waits for one
   * call to settle before the next.
   */
  run<V extends Verb>(verb: V, picture: Picture | undefined, options: VerbOptions<V>): Promise<VerbResult<V>>;

  /** Texts as token ids → their vectors, of a runner of a text encoder. */
  encode(texts: readonly (readonly number[])[]): Promise<TextVectors>;

  /** Frees everything. A call under way never settles. */
  dispose(): void;
}
