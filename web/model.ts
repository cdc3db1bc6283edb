/// <reference lib="esnext.disposable" preserve="true" />
// (The declarations mention Symbol.dispose, which an older `lib` does not know.)
import { VitError } from './errors.js';
import { checkOptions, pictureOptions } from './options.js';
import type { Origin } from './origin.js';
import type { Rgb } from './pictures/pixels.js';
import { Calls } from './runtime/calls.js';
import { Queue } from './runtime/queue.js';
import type { Runner } from './runtime/runner.js';
import {
  attentionRequest,
  classifyRequest,
  embedRequest,
  explainRequest,
  lensRequest,
  tokensRequest,
} from './requests.js';
import { fewShot } from './teach/few-shot.js';
import type {
  AttentionOptions,
  CallOptions,
  ClassifyOptions,
  Each,
  EachClassifyOptions,
  EachFunctionOptions,
  EachSources,
  EachVerbOptions,
  EmbedOptions,
  EmbedTextOptions,
  LabelOptions,
  FewShot,
  FewShotOptions,
  LabelVectors,
  LayerAnswer,
  LogitLensOptions,
  ModelInfo,
  PerSource,
  PatchMap,
  PictureOptions,
  Prediction,
  SettleOptions,
  Source,
  Tokens,
  TokensOptions,
  Watched,
  WatchClassifyOptions,
  WatchedPredictions,
  WatchFunctionOptions,
  WatchResult,
  WatchSource,
  WatchVerb,
  WatchVerbOptions,
} from './types.js';
import type { Verb, VerbOptions, VerbResult } from './runtime/verbs.js';
import { WordCalls } from './words/word-calls.js';
import type { WordsContext } from './words/words.js';
import { kit } from './watch/kit.js';
import type { Lent } from './watch/verb.js';

/**
 * A loaded model. Made by `load`.
 *
 * Calls are performed one after another, in the order they were made. A single source is read at the time of the call.
 * Each source of an array is read while the one before it is computed, so that at most two are in memory at a time.
 *
 * Every verb rejects with a {@link VitError}: `invalid-source` for a picture that cannot be read, `disposed` after
 * `dispose()`, `worker` or `engine` when the worker or engine has stopped. An aborted call rejects with its signal's
 * reason. After an error about a picture or an option the model remains usable.
 *
 * @group Start here
 */
export class Model<Label extends string = string> {
  readonly #runner: Runner;
  readonly #queue = new Queue();
  readonly #calls: Calls;
  readonly #words: WordCalls;

  #info: ModelInfo<Label>;

  /** What this model is. Remains readable after `dispose()`. */
  get info(): ModelInfo<Label> {
    return this.#info;
  }

  /** The same as `dispose()`, for `using`, where the language has it. */
  declare readonly [Symbol.dispose]: () => void;

  /** @internal Where it was loaded from. */
  readonly origin: Origin | undefined;

  /** @internal */
  constructor(runner: Runner, background?: Rgb, words?: WordsContext, origin?: Origin) {
    this.origin = origin;
    this.#runner = runner;
    this.#calls = new Calls(runner, this.#queue, background);
    this.#words = new WordCalls(runner, this.#queue, words);
    this.#info = runner.info as ModelInfo<Label>;
    // Looked up only now, because a polyfill may have been added after this module ran.
    if (Symbol.dispose) Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() });
  }

  /** The most probable classes of each picture, or the error that prevented them. */
  classify(
    sources: readonly Source[],
    options: ClassifyOptions & SettleOptions,
  ): Promise<PromiseSettledResult<Prediction<Label>[]>[]>;
  /**
   * The `topK` most probable classes of a picture, most probable first.
   *
   * @example
   * ```ts
   * const [best] = await model.classify(canvas);
   * console.log(best?.label, best?.probability);
   * ```
   */
  classify<S extends Source | readonly Source[]>(
    source: S,
    options?: ClassifyOptions,
  ): Promise<PerSource<S, Prediction<Label>[]>>;
  /** The most probable classes of one picture. */
  classify(source: Source, options?: ClassifyOptions): Promise<Prediction<Label>[]>;
  async classify(source: Source | readonly Source[], options: ClassifyOptions = {}): Promise<unknown> {
    const request = classifyRequest(options, () => this.info);
    return await this.#calls.perform('classify', source, request, options);
  }

  /** The logits of each picture, or the error that prevented them. */
  logits(
    sources: readonly Source[],
    options: PictureOptions & SettleOptions,
  ): Promise<PromiseSettledResult<Float32Array<ArrayBuffer>>[]>;
  /**
   * The logits of a picture: [classes] floats, before softmax.
   *
   * @example
   * ```ts
   * const logits = await model.logits(canvas); // logits[281] is that of class 281
   * ```
   */
  logits<S extends Source | readonly Source[]>(
    source: S,
    options?: PictureOptions,
  ): Promise<PerSource<S, Float32Array<ArrayBuffer>>>;
  /** The logits of one picture. */
  logits(source: Source, options?: PictureOptions): Promise<Float32Array<ArrayBuffer>>;
  async logits(source: Source | readonly Source[], options: PictureOptions = {}): Promise<unknown> {
    checkOptions(options, pictureOptions, 'logits');
    return await this.#calls.perform('logits', source, undefined, options);
  }

  /** The embedding of each picture, or the error that prevented it. */
  embed(
    sources: readonly Source[],
    options: EmbedOptions & SettleOptions,
  ): Promise<PromiseSettledResult<Float32Array<ArrayBuffer>>[]>;
  /**
   * A picture as one vector of `info.embedding` floats, for search, clustering or your own classifier. With a CLIP or
   * SigLIP model it can be compared with the vector of a text ({@link Model.embedText}).
   *
   * @example
   * ```ts
   * const a = await model.embed(canvas, { normalize: true });
   * const b = await model.embed(other, { normalize: true });
   * const similarity = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0); // the cosine
   * ```
   */
  embed<S extends Source | readonly Source[]>(
    source: S,
    options?: EmbedOptions,
  ): Promise<PerSource<S, Float32Array<ArrayBuffer>>>;
  /** The embedding of one picture. */
  embed(source: Source, options?: EmbedOptions): Promise<Float32Array<ArrayBuffer>>;
  async embed(source: Source | readonly Source[], options: EmbedOptions = {}): Promise<unknown> {
    return await this.#calls.perform('embed', source, embedRequest(options), options);
  }

  /**
   * Gives a CLIP or SigLIP model its classes, in words; from then on it classifies pictures into these. The text
   * encoder is loaded, encodes the labels and is freed again (unless `keepTextEncoder` is set); `classify` then costs
   * as much as `embed`. Until this settles, calls may still use the previous
   * classes. When calls of this overlap, the labels of the latest stay.
   *
   * Resolves to the vectors of the labels. Save them as JSON and pass them instead of the labels, and the text encoder
   * is not needed.
   *
   * @example
   * ```ts
   * await model.setLabels(['rain', 'snow', 'sunshine'], { template: 'a photo of {}' });
   * const [best] = await model.classify(canvas);
   * ```
   */
  async setLabels(
    labels: readonly string[] | LabelVectors,
    options: LabelOptions = {},
  ): Promise<LabelVectors> {
    return await this.#words.setLabels(labels, options, this.#info, (names) => {
      this.#info = { ...this.#info, classes: names.length, labels: [...names] as Label[] };
    });
  }

  /**
   * A text as one vector of `info.embedding` floats, which can be compared with those of pictures by `embed`; for CLIP
   * and SigLIP models. Each call loads the text encoder (unless `keepTextEncoder` is set), so pass many texts at once.
   *
   * @example
   * ```ts
   * const query = await model.embedText('two dogs', { normalize: true });
   * const picture = await model.embed(canvas, { normalize: true });
   * const similarity = query.reduce((sum, value, i) => sum + value * (picture[i] ?? 0), 0); // the cosine
   * ```
   */
  embedText(text: string, options?: EmbedTextOptions): Promise<Float32Array<ArrayBuffer>>;
  /** The vector of each text. */
  embedText(texts: readonly string[], options?: EmbedTextOptions): Promise<Float32Array<ArrayBuffer>[]>;
  async embedText(
    text: string | readonly string[],
    options: EmbedTextOptions = {},
  ): Promise<Float32Array<ArrayBuffer> | Float32Array<ArrayBuffer>[]> {
    return await this.#words.embed(text, options, this.#info);
  }

  /** The tokens of each picture, or the error that prevented them. */
  tokens(
    sources: readonly Source[],
    options: TokensOptions & SettleOptions,
  ): Promise<PromiseSettledResult<Tokens>[]>;
  /**
   * All tokens of a picture: the prefix tokens (class token, distillation token, registers), then one for each patch.
   * They are taken after the final norm, or after any encoder block: `{ layer: 3 }` gives `hidden_states[4]` of
   * transformers.
   */
  tokens<S extends Source | readonly Source[]>(
    source: S,
    options?: TokensOptions,
  ): Promise<PerSource<S, Tokens>>;
  /** The tokens of one picture. */
  tokens(source: Source, options?: TokensOptions): Promise<Tokens>;
  async tokens(source: Source | readonly Source[], options: TokensOptions = {}): Promise<unknown> {
    return await this.#calls.perform('tokens', source, tokensRequest(options, this.info), options);
  }

  /** The attention map of each picture, or the error that prevented it. */
  attention(
    sources: readonly Source[],
    options: AttentionOptions & SettleOptions,
  ): Promise<PromiseSettledResult<PatchMap>[]>;
  /**
   * Where a layer's attention looks, patch by patch: softmax(q·kᵀ/√d) from the class token to each patch, as in
   * Python's `output_attentions`; in models whose head uses a mean, the average over the patches' queries. Costs about
   * as much as `classify`.
   *
   * @example
   * ```ts
   * const { data, rows, columns, box } = await model.attention(canvas, { rollout: true });
   * // data[row * columns + column] is the value of that patch; the patches cover the part `box` of the canvas.
   * ```
   */
  attention<S extends Source | readonly Source[]>(
    source: S,
    options?: AttentionOptions,
  ): Promise<PerSource<S, PatchMap>>;
  /** The attention map of one picture. */
  attention(source: Source, options?: AttentionOptions): Promise<PatchMap>;
  async attention(source: Source | readonly Source[], options: AttentionOptions = {}): Promise<unknown> {
    return await this.#calls.perform('attention', source, attentionRequest(options, this.info), options);
  }

  /** Which patches of each picture support a class, or the error that prevented it. */
  explain(
    sources: readonly Source[],
    label: string | number,
    options: PictureOptions & SettleOptions,
  ): Promise<PromiseSettledResult<PatchMap>[]>;
  /**
   * Which patches support a class, from one forward pass: what each adds to the class's logit, minus what it adds to
   * all classes on average, unless the model's classes are independent (multi-label). In models whose head uses the
   * mean of the patches this is exact, and sums to that difference, biases aside. In models with a class token it is
   * what the last block's attention carried from each patch to that token, as the head reads it (Gandelsman et al.
   * 2024); in models that pool by attention, what that attention carried. Negative values count against the class.
   *
   * @example
   * ```ts
   * const dog = await model.explain(canvas, 'beagle');
   * const cat = await model.explain(canvas, 'tabby, tabby cat'); // another map
   * ```
   */
  explain<S extends Source | readonly Source[]>(
    source: S,
    label: string | number,
    options?: PictureOptions,
  ): Promise<PerSource<S, PatchMap>>;
  /** Which patches of one picture support a class. */
  explain(source: Source, label: string | number, options?: PictureOptions): Promise<PatchMap>;
  async explain(
    source: Source | readonly Source[],
    label: string | number,
    options: PictureOptions = {},
  ): Promise<unknown> {
    const request = explainRequest(label, options, () => this.info);
    return await this.#calls.perform('explain', source, request, options);
  }

  /** How the answer forms for each picture, or the error that prevented it. */
  logitLens(
    sources: readonly Source[],
    options: LogitLensOptions & SettleOptions,
  ): Promise<PromiseSettledResult<LayerAnswer[]>[]>;
  /**
   * How the answer forms: what the model would answer after each of its encoder blocks if it were the last (the logit
   * lens), for the picture and, with `patches`, for every patch.
   *
   * @example
   * ```ts
   * for (const { layer, predictions } of await model.logitLens(canvas)) {
   *   console.log(layer, predictions[0]?.label);
   * }
   * ```
   */
  logitLens<S extends Source | readonly Source[]>(
    source: S,
    options?: LogitLensOptions,
  ): Promise<PerSource<S, LayerAnswer[]>>;
  /** How the answer forms for one picture. */
  logitLens(source: Source, options?: LogitLensOptions): Promise<LayerAnswer[]>;
  async logitLens(source: Source | readonly Source[], options: LogitLensOptions = {}): Promise<unknown> {
    return await this.#calls.perform('logitLens', source, lensRequest(options), options);
  }

  /** The pixel values of each picture, or the error that prevented them. */
  preprocess(
    sources: readonly Source[],
    options: PictureOptions & SettleOptions,
  ): Promise<PromiseSettledResult<Float32Array<ArrayBuffer>>[]>;
  /**
   * What the network sees of a picture: [3 × height × width] floats at `info.imageSize`, channel by channel; the
   * `pixel_values` of Python's image processor.
   */
  preprocess<S extends Source | readonly Source[]>(
    source: S,
    options?: PictureOptions,
  ): Promise<PerSource<S, Float32Array<ArrayBuffer>>>;
  /** The pixel values of one picture. */
  preprocess(source: Source, options?: PictureOptions): Promise<Float32Array<ArrayBuffer>>;
  async preprocess(source: Source | readonly Source[], options: PictureOptions = {}): Promise<unknown> {
    checkOptions(options, pictureOptions, 'preprocess');
    return await this.#calls.perform('preprocess', source, undefined, options);
  }

  /**
   * Classifies the frames of a video, a camera or a stream, always the newest: frames that arrive while another is
   * computed are skipped, not queued. The loop pauses while the page is hidden or a video is paused, ends with the
   * video or its track, and rejects with the signal's reason. Leaving the loop stops it; stopping the camera is up to
   * the caller.
   *
   * @example
   * ```ts
   * const stream = await navigator.mediaDevices.getUserMedia({ video: true });
   * for await (const { predictions, fps, latency } of model.watch(stream, { smoothing: 0.7 })) {
   *   const [best] = predictions;
   *   console.log(best?.label, `${fps.toFixed()} answers per second, ${latency.toFixed()} ms old`);
   * }
   * ```
   */
  watch(
    source: WatchSource,
    options?: WatchClassifyOptions,
  ): AsyncGenerator<WatchedPredictions<Label>, void, undefined>;
  /** The results of another verb, frame by frame. */
  watch<V extends Exclude<WatchVerb, 'classify'>>(
    source: WatchSource,
    options: WatchVerbOptions<V>,
  ): AsyncGenerator<Watched<WatchResult<V>>, void, undefined>;
  /** The results of a function, frame by frame. */
  watch<T>(
    source: WatchSource,
    options: WatchFunctionOptions<T>,
  ): AsyncGenerator<Watched<T>, void, undefined>;
  watch(source: WatchSource, options: object = {}): AsyncGenerator<never, void, undefined> {
    return this.#loop(({ watch }, lent) => watch(lent, source, options));
  }

  /**
   * Classifies a list of pictures of any length, one by one: an array, a generator or any asynchronous iterable. The
   * next picture is read while one is computed, so that at most two are in memory. A picture that cannot be read does
   * not end the loop: its `status` is `'rejected'`.
   *
   * @example
   * ```ts
   * for await (const { index, status, ...outcome } of model.each(files)) {
   *   if ('value' in outcome) console.log(index, outcome.value[0]?.label);
   *   else console.warn(index, status, outcome.reason);
   * }
   * ```
   */
  each(
    sources: EachSources,
    options?: EachClassifyOptions,
  ): AsyncGenerator<Each<Prediction<Label>[]>, void, undefined>;
  /** The results of another verb, picture by picture. */
  each<V extends Exclude<WatchVerb, 'classify'>>(
    sources: EachSources,
    options: EachVerbOptions<V>,
  ): AsyncGenerator<Each<WatchResult<V>>, void, undefined>;
  /** The results of a function, picture by picture. */
  each<T>(sources: EachSources, options: EachFunctionOptions<T>): AsyncGenerator<Each<T>, void, undefined>;
  each(sources: EachSources, options: object = {}): AsyncGenerator<never, void, undefined> {
    return this.#loop(({ each }, lent) => each(lent, sources, options));
  }

  /** Runs a loop, which ends when the model is disposed. */
  async *#loop(
    begin: (loops: typeof import('./watch/loops.js'), lent: Lent) => AsyncGenerator<unknown, void>,
  ): AsyncGenerator<never, void, undefined> {
    this.#queue.check();
    const disposed = new AbortController();
    const forget = this.#queue.whenEnded((reason) => disposed.abort(reason));
    try {
      const loops = await import('./watch/loops.js');
      const idle = () => this.#queue.idle();
      yield* begin(loops, { kit, model: this, disposed: disposed.signal, idle }) as AsyncGenerator<never>;
    } finally {
      forget();
    }
  }

  /**
   * A classifier for your own classes, on this model's embeddings: add a few pictures of each class, and train it in
   * milliseconds. The model needs no classification head. See {@link FewShot}.
   */
  fewShot(options: FewShotOptions = {}): FewShot {
    return fewShot(this, options);
  }

  /** @internal Queues a verb that needs no picture. */
  compute<V extends Verb>(
    verb: V,
    options: VerbOptions<V>,
    signal: AbortSignal | undefined,
  ): Promise<VerbResult<V>> {
    this.#queue.check(signal);
    return this.#queue.inTurn(signal, () => this.#runner.run(verb, undefined, options));
  }

  /**
   * Runs a black picture through the network, so that for the first real one the code is compiled and the memory in
   * use.
   */
  async warmup(options: CallOptions = {}): Promise<void> {
    checkOptions(options, ['signal'], 'warmup');
    const { width, height } = this.info.imageSize;
    const black = { data: new Uint8Array(width * height * 4), width, height };
    await this.#calls.perform('tokens', black, { norm: true }, options);
  }

  /** Frees everything the model holds, at once. Pending calls and all later ones reject. May be called repeatedly. */
  dispose(): void {
    const disposed = new VitError('disposed', 'This model was disposed; load it again to use it.');
    if (!this.#queue.end(disposed)) return;
    this.#words.dispose();
    this.#runner.dispose();
  }
}
