// What the loops `watch` and `each` take and return.
import type { AttentionOptions, PatchMap, TokensOptions } from './looking.js';
import type {
  CallOptions,
  ClassifyOptions,
  EmbedOptions,
  PictureOptions,
  Prediction,
  Source,
  Tokens,
} from './calls.js';

/**
 * What can be watched.
 *
 * - `HTMLVideoElement`: the frames it shows, from a camera or a file, until it ends.
 * - `MediaStream` or `MediaStreamTrack`: the frames of its video, until the track ends.
 * - a `ReadableStream` of `VideoFrame`s or other pictures, which may arrive at any rate. `watch` closes each of them.
 */
export type WatchSource =
  HTMLVideoElement | MediaStream | MediaStreamTrack | ReadableStream<VideoFrame> | ReadableStream<Source>;

/** The verbs of a model that `watch` can call by name. */
export type WatchVerb = 'classify' | 'logits' | 'embed' | 'tokens' | 'attention' | 'preprocess';

/** The result of a verb for one picture. */
export type WatchResult<V extends WatchVerb> = V extends 'classify'
  ? Prediction[]
  : V extends 'tokens'
    ? Tokens
    : V extends 'attention'
      ? PatchMap
      : Float32Array<ArrayBuffer>;

/** Options of {@link Model.watch} for every verb. */
export interface WatchOptions extends CallOptions {
  /** The largest number of answers per second. Default: as many as the source and the model allow. */
  readonly fps?: number | undefined;
  /**
   * The weight of the previous answer, from 0 (the default) to below 1: an exponential moving average of the
   * probabilities, or of the numbers of another verb. At 0.8, one fifth of an answer is new. It steadies flickering
   * labels and costs no time. Not available for a `verb` that is a function.
   */
  readonly smoothing?: number | undefined;
}

/** Options of {@link Model.watch} when it classifies: also those of {@link Model.classify}. */
export interface WatchClassifyOptions extends WatchOptions, Omit<ClassifyOptions, 'latest'> {
  /** The verb to call for each frame. Default `'classify'`. */
  readonly verb?: 'classify' | undefined;
}

/** Options of {@link Model.watch} for another verb: also those of that verb. */
export type WatchVerbOptions<V extends WatchVerb> = WatchOptions & {
  /** What to do with each frame. */ readonly verb: V;
} & LoopVerbOptions<V>;

/** The options of a verb in a loop. */
export type LoopVerbOptions<V extends WatchVerb> = Omit<
  V extends 'embed'
    ? EmbedOptions
    : V extends 'tokens'
      ? TokensOptions
      : V extends 'attention'
        ? AttentionOptions
        : PictureOptions,
  'latest'
>;

/** Options of {@link Model.watch} when a function answers. */
export interface WatchFunctionOptions<T> extends Omit<WatchOptions, 'smoothing'> {
  /**
   * Computes the answer for a frame, with the model's verbs or anything else. The frame is closed once the answer is
   * available. Pass the signal on, so that an abort takes effect at once.
   */
  readonly verb: (frame: Source, options: { readonly signal: AbortSignal }) => T | Promise<T>;
}

/** The rate and delay of a watch. */
export interface WatchRate {
  /** Answers per second, over the last ten; 0 for the first answer, and for the first after a pause. */
  readonly fps: number;
  /** Milliseconds from when the browser received the frame to the answer. */
  readonly latency: number;
}

/** The predictions of a frame. */
export interface WatchedPredictions<Label extends string = string> extends WatchRate {
  /** As returned by {@link Model.classify}. */
  readonly predictions: Prediction<Label>[];
}

/** The result of another verb for a frame. */
export interface Watched<T> extends WatchRate {
  /** The verb's result. */
  readonly value: T;
}

/** The pictures for {@link Model.each}: an array or another iterable, synchronous or asynchronous. */
export type EachSources = Iterable<Source | Promise<Source>> | AsyncIterable<Source>;

/** Options of {@link Model.each} when it classifies: also those of {@link Model.classify}. */
export interface EachClassifyOptions extends Omit<ClassifyOptions, 'latest'> {
  /** The verb to call for each picture. Default `'classify'`. */
  readonly verb?: 'classify' | undefined;
}

/** Options of {@link Model.each} for another verb: also those of that verb. */
export type EachVerbOptions<V extends WatchVerb> = {
  /** What to do with each picture. */ readonly verb: V;
} & LoopVerbOptions<V>;

/** Options of {@link Model.each} when a function answers. */
export type EachFunctionOptions<T> = Pick<WatchFunctionOptions<T>, 'verb' | 'signal'>;

/** A picture of the list and its result: `status` says whether there is a `value` or a `reason`. */
export type Each<Result> = (
  | (PromiseFulfilledResult<Result> & {
      /** The picture, as given in the list. */
      readonly source: Source;
    })
  | (PromiseRejectedResult & {
      /** The picture, as given in the list; undefined where the list gave a promise of one that rejected. */
      readonly source: Source | undefined;
    })
) & {
  /** Its index in the list, from 0. */
  readonly index: number;
};
