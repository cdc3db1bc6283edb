// What a loaded model is, and the types that describe it.

/** The instructions of a build: `relaxed` uses relaxed SIMD (fused multiply-add), `simd` plain 128-bit SIMD. */
export type Instructions = 'relaxed' | 'simd';

/** A build of the engine: its instructions, and whether it can use threads. Threads never change a result. */
export type Variant = Instructions | `${Instructions}-threads`;

/**
 * How the linear layers of the encoder are stored and multiplied: in single precision, or as signed bytes with 7-bit
 * inputs, which takes a quarter of the memory and about half the time, at some cost in accuracy (see
 * docs/accuracy-and-int8.md).
 */
export type Dtype = 'fp32' | 'int8';

/**
 * How matrix products are computed: the rows and columns of the tile whose sums stay in registers. For fp32, `relaxed`
 * builds have 6x8, 4x16 and 6x16, the others 5x8, 4x16 and 5x16. For int8, `relaxed` builds have 6x8, where the
 * processor has an instruction for dot products of bytes, and 3x8, where it has not; the others have 3x12. All give the
 * same bits.
 */
export type Kernels = '6x8' | '5x8' | '4x16' | '6x16' | '5x16' | '3x8' | '3x12';

/** Height and width in pixels. */
export interface Size {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
}

/** What a loaded model is. */
export interface ModelInfo<Label extends string = string> {
  /**
   * What was loaded: the Hub's `owner/name`, an address or a path, `'builtin'`, or a description of files and bytes
   * without a name.
   */
  readonly source: string;
  /**
   * The license named in the model's own files, as its author wrote it (`apache-2.0`): in config.json, or in the README
   * of local files and archives. Nothing is downloaded to find it, so for most repositories it is unknown.
   */
  readonly license: string | undefined;
  /** The size of the stored weights in bytes: about what was downloaded. */
  readonly weightBytes: number;
  /** The checkpoint's family, as Hugging Face's `model_type` names it. */
  readonly modelType: string;
  /**
   * The Hub revision of the weights, where it is not the requested one: the pull request (`refs/pr/15`) in which the
   * Hub's bot SFconvertbot converted the weights of a repository without safetensors.
   */
  readonly revision: string | undefined;
  /**
   * Identifies the weights of a model that takes words: a SHA-256 of the names, types, shapes and first KiB of all
   * tensors of its image encoder. {@link LabelVectors} fit the model whose hash they have. Undefined of other models.
   */
  readonly weightsHash: string | undefined;
  /** @internal The version of the file that holds the weights, as its server tells it. */
  readonly weightsVersion: string | undefined;
  /** The size to which pictures are resized and cropped. */
  readonly imageSize: Size;
  /** The size of the patches into which a picture is divided. */
  readonly patchSize: Size;
  /** Encoder blocks. */
  readonly layers: number;
  /** Attention heads per block; of a Swin Transformer, in its last stage, as is the width. */
  readonly heads: number;
  /** The width of a token. */
  readonly hidden: number;
  /** The width of what `embed` returns: of the space shared with texts where there is one, else `hidden`. */
  readonly embedding: number;
  /** Whether the model takes its classes in words ({@link Model.setLabels}). Until then it has no classes. */
  readonly words: boolean;
  /** The number of classes; 0 for a model without a head, which embeds but does not classify. */
  readonly classes: number;
  /** The classes' names, in order. */
  readonly labels: readonly Label[];
  /** How the encoder's weights are stored in memory. */
  readonly dtype: Dtype;
  /** The build of the engine that is running. */
  readonly variant: Variant;
  /** The number of threads in use. */
  readonly threads: number;
  /** Why it is that number. */
  readonly threadsReason: string;
  /** How matrix products are computed; never affects a result. */
  readonly kernels: Kernels;
  /** Why this way was chosen. */
  readonly kernelsReason: string;
  /** @internal Whether they won a comparison with the others. */
  readonly kernelsMeasured: boolean;
  /** The bytes of the engine's memory that the weights and all buffers take. */
  readonly memoryBytes: number;
}
