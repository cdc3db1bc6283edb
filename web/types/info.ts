// What a loaded model is, and the words for it.

/** The instructions of a build: `relaxed` uses relaxed SIMD (fused multiply-add), `simd` plain 128-bit SIMD. */
export type Instructions = 'relaxed' | 'simd';

/** A build of the engine: its instructions, and whether it has threads. Threads never change a result. */
export type Variant = Instructions | `${Instructions}-threads`;

/**
 * How the linear layers of the encoder are kept and multiplied: in single precision, or as signed bytes with inputs of 7
 * bits, which takes a quarter of the memory and about half of the time, and rounds coarsely (see the README's figures).
 */
export type Dtype = 'fp32' | 'int8';

/**
 * How matrix products are computed: the rows and columns of a tile that is summed up in registers. `relaxed` builds have
 * 6x8, 4x16 and 6x16, the others 5x8, 4x16 and 5x16. All give the same bits.
 */
export type Kernels = '6x8' | '5x8' | '4x16' | '6x16' | '5x16';

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
   * What was loaded: the Hub's `owner/name`, an address or a path, `'builtin'`, or words for files and bytes that have
   * none.
   */
  readonly source: string;
  /**
   * The license that the model's own files name, as its author wrote it (`apache-2.0`): in config.json, or in the README
   * of files and archives. Nothing is downloaded to find it, so that of most repositories is not known.
   */
  readonly license: string | undefined;
  /** Bytes of the weights as they are stored: about what was downloaded. */
  readonly weightBytes: number;
  /** The checkpoint's family, as Hugging Face's `model_type` names it. */
  readonly modelType: string;
  /**
   * The Hub's revision that the weights are of, where it is not the one asked for: the pull request, `refs/pr/15`, in
   * which the Hub's bot SFconvertbot has converted the weights of a repository without safetensors.
   */
  readonly revision: string | undefined;
  /** What a picture is resized and cropped to. */
  readonly imageSize: Size;
  /** What a picture is cut into. */
  readonly patchSize: Size;
  /** Encoder blocks. */
  readonly layers: number;
  /** Attention heads per block. */
  readonly heads: number;
  /** The width of a token. */
  readonly hidden: number;
  /** The width of what `embed` gives: of the embeddings that pictures share with texts where there are such, else `hidden`. */
  readonly embedding: number;
  /** Whether the model takes its classes in words ({@link Model.setLabels}); until it has some it has none. */
  readonly words: boolean;
  /** How many classes there are; 0 of a model without a head, which embeds but does not classify. */
  readonly classes: number;
  /** The classes' names, in order. */
  readonly labels: readonly Label[];
  /** How the encoder's weights are kept in memory. */
  readonly dtype: Dtype;
  /** The build of the engine that runs, as it says of itself. */
  readonly variant: Variant;
  /** How many threads it uses. */
  readonly threads: number;
  /** Why it is that many. */
  readonly threadsReason: string;
  /** How matrix products are computed; never shows in a result. */
  readonly kernels: Kernels;
  /** Why that way. */
  readonly kernelsReason: string;
  /** @internal Whether they won a comparison with the others. */
  readonly kernelsMeasured: boolean;
  /** Bytes the weights and every buffer take in the engine's memory. */
  readonly memoryBytes: number;
}
