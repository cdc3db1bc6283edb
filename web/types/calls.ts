// What a model's verbs take and return.

/** Pixels in memory: row after row from the top, each pixel R, G, B, A, 0 to 255; the alpha is ignored. */
export interface RawImage {
  /** `width * height * 4` bytes. */
  readonly data: Uint8ClampedArray | Uint8Array;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
}

/**
 * A picture. It is read at its full size; the engine scales it to the model's input as Pillow does.
 *
 * - `HTMLCanvasElement` with any context, `OffscreenCanvas`, `ImageBitmap`: their current content, in sRGB. A WebGL or
 *   WebGPU canvas keeps its frame only during the task that drew it: call right after drawing, with a single source.
 * - `HTMLVideoElement`: the current frame; `VideoFrame`: the frame itself, which you close after the call has settled.
 * - `ImageData` or {@link RawImage}: the bytes as they are. These are the only sources outside a browser. Do not change
 *   the buffer until the call has settled. An `ImageData` in Display-P3 or of floats is converted to 8 bits of sRGB.
 * - `Blob` or `File` holding a picture the browser can decode, a string or `URL` with the address of one, or an
 *   `HTMLImageElement`, which may still be loading: rotated according to its EXIF orientation; an embedded color
 *   profile is ignored, as Pillow does.
 *
 * A canvas stores colors multiplied by their alpha. Where a source other than raw pixels is transparent, its colors
 * are therefore rounded, and black where alpha is 0.
 */
export type Source =
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | ImageData
  | RawImage
  | HTMLImageElement
  | HTMLVideoElement
  | VideoFrame
  | Blob
  | string
  | URL;

/** A rectangle within a picture, in whole pixels from its upper left corner. */
export interface Region {
  /** Pixels to the left of it. */
  readonly x: number;
  /** Pixels above it. */
  readonly y: number;
  /** At least 1. */
  readonly width: number;
  /** At least 1. */
  readonly height: number;
}

/** One of the predictions of {@link Model.classify}. */
export interface Prediction<Label extends string = string> {
  /** The class's name. */
  readonly label: Label;
  /** 0 to 1. The probabilities of all classes sum to 1, unless the model's classes are not mutually exclusive. */
  readonly probability: number;
  /** The index of the class, 0 to classes − 1. */
  readonly index: number;
}

/** Options of every verb. */
export interface CallOptions {
  /** Cancels the call: it rejects with the signal's reason. Work already started completes; its result is discarded. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of every verb that takes pictures. */
export interface PictureOptions extends CallOptions {
  /** The part of the picture to look at, as if the picture had been cropped to it. It must lie within the picture. */
  readonly region?: Region | undefined;
  /**
   * For your own loops, in which only the newest call counts. A queued call rejects with a {@link VitError}
   * (`superseded`) as soon as a newer call of the same verb is made, if both have `latest: true`. Its picture is read
   * only when its turn comes. {@link Model.watch} is such a loop.
   */
  readonly latest?: boolean | undefined;
}

/** An option of every verb that takes an array of pictures. */
export interface SettleOptions {
  /**
   * Gives `{ status: 'fulfilled', value }` or `{ status: 'rejected', reason }` for each picture, as
   * `Promise.allSettled` does, so that one unreadable picture does not discard the answers to the others. An abort
   * still rejects the whole call.
   */
  readonly settle: true;
}

/** The result of a verb for one picture, or for each picture of an array. */
export type PerSource<S, Result> = S extends readonly unknown[] ? Result[] : Result;

/** Options of {@link Model.classify}. */
export interface ClassifyOptions extends PictureOptions {
  /** How many predictions to return, at least 1; at most one per class is returned. Default 5. */
  readonly topK?: number | undefined;
  /** Omit predictions less probable than this, 0 to 1. The list may then be empty. */
  readonly threshold?: number | undefined;
  /**
   * Predict only these classes, given as labels (every class with that name) or indices. Probabilities do not change.
   */
  readonly allow?: readonly (string | number)[] | undefined;
  /** Never predict these classes, given as labels or indices. */
  readonly deny?: readonly (string | number)[] | undefined;
}

/** Options of {@link Model.embed}. */
export interface EmbedOptions extends PictureOptions {
  /**
   * `'cls'`: the class token. `'mean'`: the mean of the patches' tokens (of all tokens in models whose own head uses
   * that). Default: what the model's head uses: `'mean'` where it uses only a mean, SigLIP's attention pooling where a
   * model has it, else `'cls'`. Both are taken after the final layer norm, as [hidden] floats; the pooler of a
   * `ViTModel` (a dense layer and tanh, `pooler_output`) is not applied.
   */
  readonly pool?: 'cls' | 'mean' | undefined;
  /**
   * `false`: CLIP's embedding before its projection into the space shared with texts. Default: projected, unless `pool`
   * is given. Has no effect on models without a projection.
   */
  readonly projection?: boolean | undefined;
  /** Whether to scale the embedding to Euclidean length 1, so that a dot product is the cosine. Default false. */
  readonly normalize?: boolean | undefined;
}

/** Options of {@link Model.setLabels}. */
export interface LabelOptions extends CallOptions {
  /**
   * The sentence given to the text encoder, with `{}` where the label goes. With several, their vectors are averaged,
   * as in CLIP's paper: slower, but more accurate. Default `'{}'`, the label alone.
   */
  readonly template?: string | readonly string[] | undefined;
}

/**
 * The vectors of a model's classes, as {@link Model.setLabels} returns them: plain JSON, about 3 KB per label. Save
 * them and pass them to `load` or `setLabels` instead of labels, for a model with the same weights; then no text
 * encoder is needed.
 */
export interface LabelVectors {
  /** The kind of file this is, and its version. */
  readonly format: string;
  /** The model that they belong to. */
  readonly model: string;
  /** The model's `info.weightsHash`; a model with another hash refuses them. */
  readonly weights: string;
  /** The sentences into which the labels were inserted. */
  readonly template: readonly string[];
  /** The classes, in order. */
  readonly labels: readonly string[];
  /** The logit is the cosine of a picture and a class, times `scale`, plus `bias`. */
  readonly scale: number;
  /** See `scale`. */
  readonly bias: number;
  /** Whether classes are mutually exclusive (softmax: CLIP) or independent (sigmoid: SigLIP). */
  readonly probabilities: 'softmax' | 'sigmoid';
  /** [labels × embedding] 32-bit floats, each row of length 1, in base64. */
  readonly vectors: string;
}

/** Options of {@link Model.embedText}. */
export interface EmbedTextOptions extends CallOptions {
  /** Whether to scale the embedding to Euclidean length 1, so that a dot product is the cosine. Default false. */
  readonly normalize?: boolean | undefined;
}

/** All tokens of a picture. */
export interface Tokens {
  /**
   * [tokens × hidden], row by row: class token, distillation token and registers, as far as the model has them, then
   * the patches.
   */
  readonly data: Float32Array<ArrayBuffer>;
  /** The number of tokens: the rows. */
  readonly tokens: number;
  /** The width of a token: the columns. */
  readonly hidden: number;
  /** Rows of patches. */
  readonly rows: number;
  /** Columns of patches. */
  readonly columns: number;
  /** How many tokens precede the patches. */
  readonly prefix: number;
}
