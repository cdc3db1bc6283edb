// The part of a model that teaching uses: embeddings, and the engine's regression.
import type { Origin } from '../origin.js';
import type { VerbOptions, VerbResult } from '../runtime/verbs.js';
import type { EmbedOptions, ModelInfo, Source } from '../types.js';

type Regression = 'solveRegression' | 'leaveOneOut';

export interface Backbone {
  readonly info: ModelInfo;
  readonly origin: Origin | undefined;
  embed(source: Source, options: EmbedOptions): Promise<Float32Array>;
  compute<V extends Regression>(
    verb: V,
    options: VerbOptions<V>,
    signal: AbortSignal | undefined,
  ): Promise<VerbResult<V>>;
}
