// What the loops take and give: `watch` and `each`.
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
 * - `HTMLVideoElement`: the frames it shows, of a camera or a file, until it ends.
 * - `MediaStream` or `MediaStreamTrack`: the frames of its video, until the track ends.
 * - a `ReadableStream` of `VideoFrame`s or any other pictures, which may come at any speed. Each is closed here.
 */
export type WatchSource =
  HTMLVideoElement | MediaStream | MediaStreamTrack | ReadableStream<VideoFrame> | ReadableStream<Source>;

/** The verbs of a model that `watch` knows by name. */
export type WatchVerb = 'classify' | 'logits' | 'embed' | 'tokens' | 'attention' | 'preprocess';

/** What a verb gives for one picture. */
export type WatchResult<V extends WatchVerb> = V extends 'classify'
  ? Prediction[]
  : V extends 'tokens'
    ? Tokens
    : V extends 'attention'
      ? PatchMap
      : Float32Array<ArrayBuffer>;

/** Options of {@link Model.watch} for every verb. */
export interface WatchOptions extends CallOptions {
  /** The most answers per second. Default: as many as the source and the model allow. */
  readonly fps?: number | undefined;
  /**
   * How much of an answer is taken from the one before, from 0 (the default: nothing) to less than 1: an exponential
   * moving average of the probabilities, or of the numbers of another verb. At 0.8 an answer is one fifth new. It calms
   * labels that flicker, and costs no time. Not for a `verb` that is a function.
   */
  readonly smoothing?: number | undefined;
}

/** Options of {@link Model.watch} when it classifies: also those of {@link Model.classify}. */
export interface WatchClassifyOptions extends WatchOptions, ClassifyOptions {
  /** What to do with each frame. Default `'classify'`. */
  readonly verb?: 'classify' | undefined;
}

/** Options of {@link Model.watch} for another verb: also those of that verb. */
export type WatchVerbOptions<V extends WatchVerb> = WatchOptions & {
  /** What to do with each frame. */ readonly verb: V;
} & (V extends 'embed'
    ? EmbedOptions
    : V extends 'tokens'
      ? TokensOptions
      : V extends 'attention'
        ? AttentionOptions
        : PictureOptions);

/** Options of {@link Model.watch} when a function answers. */
export interface WatchFunctionOptions<T> extends Omit<WatchOptions, 'smoothing'> {
  /**
   * Answers a frame with the model's verbs, or with anything else. The frame is closed once the answer is there; pass
   * the signal on, so that an abort takes effect at once.
   */
  readonly verb: (frame: Source, options: { readonly signal: AbortSignal }) => T | Promise<T>;
}

/** How a watch is going. */
export interface WatchRate {
  /** Answers per second, over the last ten; 0 with the first one, and with the first after a pause. */
  readonly fps: number;
  /** Milliseconds from the moment when the browser had the frame to the answer. */
  readonly latency: number;
}

/** The predictions of a frame. */
export interface WatchedPredictions<Label extends string = string> extends WatchRate {
  /** As {@link Model.classify} gives them. */
  readonly predictions: Prediction<Label>[];
}

/** What another verb gives for a frame. */
export interface Watched<T> extends WatchRate {
  /** The verb's result. */
  readonly value: T;
}

/** What {@link Model.each} goes through: an array or another iterable of pictures, or an asynchronous one. */
export type EachSources = Iterable<Source | Promise<Source>> | AsyncIterable<Source>;

/** Options of {@link Model.each} when it classifies: also those of {@link Model.classify}. */
export interface EachClassifyOptions extends ClassifyOptions {
  /** What to do with each picture. Default `'classify'`. */
  readonly verb?: 'classify' | undefined;
}

/** Options of {@link Model.each} for another verb: also those of that verb. */
export type EachVerbOptions<V extends WatchVerb> = {
  /** What to do with each picture. */ readonly verb: V;
} & (V extends 'embed' ? EmbedOptions : PictureOptions);

/** Options of {@link Model.each} when a function answers. */
export type EachFunctionOptions<T> = Pick<WatchFunctionOptions<T>, 'verb' | 'signal'>;

/** A picture of the list, and what came of it: `status` says whether there is a `value` or a `reason`. */
export type Each<Result> = PromiseSettledResult<Result> & {
  /** The picture as the list had it. */
  readonly source: Source;
  /** Its place in the list, from 0. */
  readonly index: number;
};
