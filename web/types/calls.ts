// What a model's verbs take and give.

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
 * A picture. Read at its full size: scaling to the model's input happens in the engine, as Pillow does it.
 *
 * - `HTMLCanvasElement` with any context, `OffscreenCanvas`, `ImageBitmap`: what they show now, in sRGB. A WebGL or
 *   WebGPU canvas shows its frame only in the task that drew it: call right after drawing, with a single source.
 * - `HTMLVideoElement`: the current frame; `VideoFrame`: itself, yours to close after the call has settled.
 * - `ImageData` or {@link RawImage}: the bytes as they are. The only ones outside a browser. Leave the buffer as it is
 *   until the call has settled. An `ImageData` in Display-P3 or of floats is converted to 8 bits of sRGB.
 * - `Blob` or `File` holding a picture the browser can decode, a string or `URL` with the address of one, or an
 *   `HTMLImageElement`, whose loading is waited for: turned upright by its EXIF orientation; an embedded colour profile
 *   is ignored, as Pillow does.
 *
 * A canvas keeps colours multiplied by their alpha, so where anything but raw pixels is transparent, colours come back
 * rounded, and black under alpha 0.
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

/** A part of a picture: whole pixels, counted from its upper left corner. */
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

/** One of the answers of {@link Model.classify}. */
export interface Prediction<Label extends string = string> {
  /** The class's name. */
  readonly label: Label;
  /** 0 to 1; over all classes they sum to 1, unless the model is one whose classes do not exclude each other. */
  readonly probability: number;
  /** The class's number, 0 to classes − 1. */
  readonly index: number;
}

/** Options of every verb. */
export interface CallOptions {
  /** Cancels the call: it rejects with the signal's reason. Work already started completes; its result is discarded. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of every verb that takes pictures. */
export interface PictureOptions extends CallOptions {
  /** Look only at this part, as if the picture had been cropped to it. It has to be inside the picture. */
  readonly region?: Region | undefined;
  /**
   * For loops of your own: only the newest call counts. A call that still waits for its turn rejects with a
   * {@link VitError} (`superseded`) when a newer one of the same verb is made, both with `latest: true`; its picture is
   * read when its turn comes. {@link Model.watch} is such a loop.
   */
  readonly latest?: boolean | undefined;
}

/** An option of every verb that takes an array of pictures. */
export interface SettleOptions {
  /**
   * Gives `{ status: 'fulfilled', value }` or `{ status: 'rejected', reason }` for each picture, as `Promise.allSettled`
   * does, so that one that cannot be read does not lose the others' answers. An abort still rejects the whole call.
   */
  readonly settle: true;
}

/** What a verb gives for a picture, or for each of an array. */
export type PerSource<S, Result> = S extends readonly unknown[] ? Result[] : Result;

/** Options of {@link Model.classify}. */
export interface ClassifyOptions extends PictureOptions {
  /** How many predictions to give, at least 1; more than there are classes gives all. Default 5. */
  readonly topK?: number | undefined;
  /** Leave out predictions that are less probable than this, 0 to 1; there may be none left. */
  readonly threshold?: number | undefined;
  /** Only these classes may be predicted: labels (every class of that name) or indices. Probabilities stay what they are. */
  readonly allow?: readonly (string | number)[] | undefined;
  /** These classes are never predicted: labels or indices. */
  readonly deny?: readonly (string | number)[] | undefined;
}

/** Options of {@link Model.embed}. */
export interface EmbedOptions extends PictureOptions {
  /**
   * `'cls'`: the class token. `'mean'`: the mean of the patches' tokens (of all tokens in models whose own head sees
   * that). Default: what the model's head sees, so `'mean'` where it sees a mean only, else `'cls'`; SigLIP's pooling by
   * attention where a model has that. Both are as the final layer norm gives them, [hidden] floats: the pooler of a
   * `ViTModel` (a dense layer and tanh, `pooler_output`) is passed over.
   */
  readonly pool?: 'cls' | 'mean' | undefined;
  /**
   * `false`: CLIP's embedding before the projection to the width that pictures share with texts. Default: projected,
   * unless `pool` is given. Without effect on models that have no projection.
   */
  readonly projection?: boolean | undefined;
  /** Whether to scale the embedding to Euclidean length 1, so that a dot product is the cosine. Default false. */
  readonly normalize?: boolean | undefined;
}

/** Options of {@link Model.setLabels}. */
export interface LabelOptions extends CallOptions {
  /**
   * What the text encoder gets: `{}` in it becomes the label. Of several, the vectors are averaged, as in CLIP's paper:
   * slower, and more accurate. Default `'{}'`, the label alone.
   */
  readonly template?: string | readonly string[] | undefined;
}

/**
 * The vectors of a model's classes, as {@link Model.setLabels} gives them: plain JSON, about 3 KB a label, to be kept and
 * given to `load` or `setLabels` instead of labels, for a model of the same weights. No text encoder is needed then.
 */
export interface LabelVectors {
  /** What kind of file this is, and its version. */
  readonly format: string;
  /** The model they are of. */
  readonly model: string;
  /** The sentences that the labels were put into. */
  readonly template: readonly string[];
  /** The classes, in order. */
  readonly labels: readonly string[];
  /** The cosine of a picture and a class, times this and plus that, is the logit. */
  readonly scale: number;
  /** See `scale`. */
  readonly bias: number;
  /** Whether the classes exclude each other (CLIP), or each has a probability of its own (SigLIP). */
  readonly probabilities: 'softmax' | 'sigmoid';
  /** [labels × embedding] floats of 32 bits, each row of length 1, in base64. */
  readonly vectors: string;
}

/** Options of {@link Model.embedText}. */
export interface EmbedTextOptions extends CallOptions {
  /** Whether to scale the embedding to Euclidean length 1, so that a dot product is the cosine. Default false. */
  readonly normalize?: boolean | undefined;
}

/** All tokens of a picture. */
export interface Tokens {
  /** [tokens × hidden], row by row: class token, distillation token, registers (those there are), then the patches. */
  readonly data: Float32Array<ArrayBuffer>;
  /** How many tokens there are: the rows. */
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
