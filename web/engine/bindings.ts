// The WebAssembly module as it looks from JavaScript: the only file that knows Embind. The C++ side of the same table
// is cpp/bindings.cpp; tests/engine/vocabulary.test.ts compares the two.
import { VitError, messageOf } from '../errors.js';
import type { Box } from '../types.js';

/** What a model is made of; cpp/config.h, where each field is explained. */
export interface NativeConfig {
  /** Pixels; a whole number of patches. */
  imageHeight: number;
  imageWidth: number;
  /** Pixels. */
  patchHeight: number;
  patchWidth: number;
  /** The width of a token; a whole number of attention heads. */
  hidden: number;
  /** Encoder blocks. */
  layers: number;
  /** Attention heads per block. */
  heads: number;
  /** The width of the MLP's inner layer; of a gated MLP, after the gate. */
  mlpHidden: number;
  /** 0 when there is no head. */
  classes: number;
  layerNormEps: number;
  activation: Activation;
  classToken: boolean;
  distillationToken: boolean;
  /** How many register tokens; they follow the other two. */
  registers: number;
  /** How many of these prefix tokens, from the first, have a position embedding. */
  positionedPrefix: number;
  /** The grid of patches that the position embeddings are for; resampled where the image's is another. */
  positionRows: number;
  positionColumns: number;
  positionResampling: Resampling;
  /** Whether there are position embeddings. */
  learnedPositions: boolean;
  relativePositions: RelativePositions;
  /** The width of the small network that computes relative positions' biases; 0 where they are tables. */
  distanceWidth: number;
  rotary: NativeRotary;
  blockOrder: BlockOrder;
  /** All norms are RMS norms. */
  rmsNorm: boolean;
  /** A norm of the patches before they get their positions. */
  patchNorm: boolean;
  /** Whether the patch embedding has a bias. */
  patchBias: boolean;
  /** Whether queries, keys and values have biases. */
  qkvBias: boolean;
  /** Whether keys do, where queries and values do. */
  keyBias: boolean;
  /** Whether attention's projection and the MLP have biases. */
  projectionBias: boolean;
  /** A layer norm before the blocks. */
  preNorm: boolean;
  /** A layer norm of every head's queries and keys. */
  qkNorm: boolean;
  /** A layer norm of attention's result before its projection. */
  attentionNorm: boolean;
  /** A layer norm of the MLP's inner layer. */
  mlpNorm: boolean;
  layerScale: boolean;
  /** SwiGLU, with SiLU as activation. */
  gatedMlp: boolean;
  /** Whether tokens are those of texts, a grid of one row, and arrive embedded. */
  text: boolean;
  /** Whether a token attends only to itself and those before it. */
  causal: boolean;
  /** A layer norm of the tokens after the blocks. */
  finalNorm: boolean;
  pooling: Pooling;
  /** Attention heads of a pooling by attention; 0: as many as a block has. */
  poolHeads: number;
  /** A layer norm of the pooled features. */
  pooledNorm: boolean;
  /** The width of a tanh layer before the head; 0 when there is none. */
  preLogits: number;
  /** Sigmoid instead of softmax. */
  multiLabel: boolean;
  /** The width of the embeddings that pictures share with texts; 0 when there are none. */
  jointWidth: number;
  /** Whether the projection to that width has a bias. */
  jointBias: boolean;
  windows: NativeWindows;
  /** The blocks' linear layers are quantized; cpp/kernels/quantization.h. */
  int8: boolean;
}

/** The windows of a Swin Transformer; cpp/config.h. */
export interface NativeWindows {
  /** For each stage, of which a plain ViT has none: blocks, heads, window, shift, window of pretraining. */
  stages: readonly number[];
  /** Version 2: cosines as scores, and norms behind attention and MLP. */
  cosine: boolean;
  /** Whether images of other sizes are taken as timm does, not as transformers. */
  asTimm: boolean;
}

/** How many numbers describe a stage. */
export const stageNumbers = 5;

/** Which biases by relative position attention's scores have; the engine's numbers. */
export const relativePositions = {
  none: 0,
  /** Each block has its own. */
  perBlock: 1,
  /** One table for all blocks. */
  shared: 2,
} as const;

export type RelativePositions = (typeof relativePositions)[keyof typeof relativePositions];

/** How attention and MLP of an encoder block follow each other; the engine's numbers. */
export const blockOrders = {
  normsBefore: 0,
  /** Residual post-norm. */
  normsAfter: 1,
  /** Attention and MLP beside each other. */
  parallel: 2,
} as const;

export type BlockOrder = (typeof blockOrders)[keyof typeof blockOrders];

/** Which channels a rotation turns together; the engine's numbers. */
export const rotationPairs = {
  /** i and i + half of the head's size. */
  halves: 0,
  /** 2·i and 2·i + 1. */
  neighbors: 1,
} as const;

/** What a patch's index becomes before it is turned into angles; the engine's numbers. */
export const rotaryCoordinates = {
  /** The patch's center between −1 and 1. */
  centered: 0,
  /** Its index in the reference grid. */
  reference: 1,
} as const;

/** Rotary position embeddings; cpp/config.h. */
export interface NativeRotary {
  /** The base of the frequencies; 0 when there are none. */
  theta: number;
  pairs: (typeof rotationPairs)[keyof typeof rotationPairs];
  coordinates: (typeof rotaryCoordinates)[keyof typeof rotaryCoordinates];
  /** What is added to an index. */
  offset: number;
  /** 0 where indices count as they are. */
  referenceRows: number;
  referenceColumns: number;
  /** Whether the column's angles come before the row's. */
  columnsFirst: boolean;
  /** Whether frequencies are tensors, of each block and attention head. */
  learned: boolean;
}

/** The activation after the MLP's first layer; the engine's numbers. */
export const activations = {
  /** By the error function. */
  gelu: 0,
  geluTanh: 1,
  quickGelu: 2,
  relu: 3,
  silu: 4,
} as const;

export type Activation = (typeof activations)[keyof typeof activations];

/** How position embeddings are resampled: what PyTorch's `interpolate` is asked for; the engine's numbers. */
export const resamplings = {
  bicubic: 0,
  bicubicAntialiased: 1,
  /** `align_corners`. */
  bicubicAligned: 2,
  bilinear: 3,
  bilinearAligned: 4,
} as const;

export type Resampling = (typeof resamplings)[keyof typeof resamplings];

/** Which tokens become what the head sees; the engine's numbers. */
export const poolings = {
  classToken: 0,
  meanPatches: 1,
  meanTokens: 2,
  /** The class token, then the mean of the patches: twice the width. */
  classAndMean: 3,
  /** Each with a head of its own, whose logits are averaged. */
  classAndDistillation: 4,
  /** What a learned query attends to, then an MLP. */
  attention: 5,
  /** The last token of each text. */
  lastToken: 6,
} as const;

export type Pooling = (typeof poolings)[keyof typeof poolings];

/** How a picture is resized before the crop; the engine's numbers. */
export const resizes = {
  none: 0,
  /** To height × width, whatever the picture's aspect. */
  squash: 1,
  /** Keeps the aspect: the shortest edge becomes the height. */
  shortestEdge: 2,
  /** Keeps the aspect: to at least height × width. */
  cover: 3,
  /** Keeps the aspect: to at most height × width. */
  contain: 4,
} as const;

export type Resize = (typeof resizes)[keyof typeof resizes];

/** How pixels are resampled: Pillow's filters, by its numbers. */
export const filters = { lanczos: 1, bilinear: 2, bicubic: 3, box: 4, hamming: 5 } as const;

export type Filter = (typeof filters)[keyof typeof filters];

/** Which side of a crop has the odd pixel; the engine's numbers. */
export const cropRoundings = {
  /** As Hugging Face's processors do. */
  down: 0,
  /** As torchvision does. */
  halfEven: 1,
} as const;

/** How a resize rounds a pixel's value; the engine's numbers. */
export const resizeRoundings = {
  /** A byte after each pass, as Pillow does. */
  bytes: 0,
  /** A float, as torchvision does to a picture that is rescaled first. */
  none: 1,
} as const;

/** How a picture becomes pixel values; cpp/preprocess.h. */
export interface NativePreprocess {
  resize: Resize;
  resizeHeight: number;
  resizeWidth: number;
  filter: Filter;
  /** 0 × 0: no center crop. */
  cropHeight: number;
  cropWidth: number;
  cropRounding: (typeof cropRoundings)[keyof typeof cropRoundings];
  /** Bytes of R, G, B around a picture smaller than the crop. */
  padding: [number, number, number];
  /** 1 when values are not rescaled. */
  rescaleFactor: number;
  /** For R, G, B after rescaling; 0 when they are not normalized. */
  mean: [number, number, number];
  /** For R, G, B after rescaling; 1 when they are not normalized. */
  std: [number, number, number];
  resizeRounding: (typeof resizeRoundings)[keyof typeof resizeRoundings];
}

/** A model in the module's memory. Strings are empty when all is well, else what was wrong; cpp/vit.h. */
export interface NativeModel {
  begin(config: NativeConfig, preprocess: NativePreprocess): string;
  allocate(): string;
  memoryBytes(): number;
  stagingBytes(): number;
  stagingPointer(): number;
  /**
   * The index of the tensor's slot, or what is wrong with it. `order` alternates sizes and strides of the stored axes.
   */
  announce(name: string, dtype: string, shape: readonly number[], order: readonly number[]): number | string;
  receive(slot: number, bytes: number): string;
  missing(): string;
  finish(): string;
  imageBegin(width: number, height: number): string;
  imageFirstRow(): number;
  imageRowCount(): number;
  imageRows(rows: number): void;
  pixelValuesPointer(): number;
  /** The part of the latest picture that the pixel values show. */
  imageBox(): Box;
  tokenCount(): number;
  prefixCount(): number;
  gridColumns(): number;
  /** `Outputs` of cpp/vit.h, field by field; pooling −1 for none. */
  forward(
    blocks: number,
    finalNorm: boolean,
    tokens: boolean,
    pooling: Pooling | -1,
    joint: boolean,
    unitLength: boolean,
    head: boolean,
  ): void;
  /** `head` −1 for the mean over heads; cpp/inspection.h. */
  attention(layer: number, head: number, rollout: boolean): string;
  explain(label: number): string;
  /** Towards a vector [jointWidth, or hidden without a projection] instead of a class. */
  explainTowards(direction: Float32Array): string;
  lens(patches: boolean): void;
  /** Embeddings of the picture [layers × width], then of its patches [layers × patches × width]. */
  embeddingLens(patches: boolean): string;
  /** [patches], of `attention` and `explain`; of `embeddingLens`, its pictures and then its patches. */
  mapPointer(): number;
  /** [layers × classes], of `lens`. */
  lensPointer(): number;
  /** [layers × patches], of `lens`. */
  patchClassesPointer(): number;
  patchProbabilitiesPointer(): number;
  /** Token embeddings from the staging buffer. */
  putEmbeddings(dtype: string, first: number, rows: number): string;
  /** Of texts with so many tokens each, after so many that are shared: the `Texts` of cpp/texts.h. */
  embedTexts(lengths: readonly number[], shared: number, normalize: boolean): string;
  jointPointer(): number;
  textStage(lengths: readonly number[], name: string): string;
  tokensPointer(): number;
  pooledPointer(): number;
  logitsPointer(): number;
  probabilitiesPointer(): number;
  stage(name: string): string;
  stagePointer(): number;
  stageRows(): number;
  stageColumns(): number;
  delete(): void;
}

/** A logistic regression in the module's memory; cpp/logistic_regression.h. */
export interface NativeRegression {
  begin(count: number, width: number, classes: number, l2: number): string;
  pack(): string;
  solve(iterations: number): boolean;
  examplesPointer(): number;
  labelsPointer(): number;
  weightsPointer(): number;
  leftOut: number;
  readonly loss: number;
  delete(): void;
}

/** A running module. */
export interface Bindings {
  readonly Model: new () => NativeModel;
  readonly LogisticRegression: new () => NativeRegression;
  /** The name of the build that runs. */
  variant(): string;
  /** Makes `count` threads share the work, each as soon as it runs; cpp/threads.h. Does nothing without threads. */
  useThreads(count: number): void;
  runningThreads(): number;
  /** Ends all threads but the calling one, for good. */
  endThreads(): void;
  /** The tiles of matrix products of floats, or of bytes; cpp/kernels/kernels.h and quantization.h. */
  gemmTiles(int8: boolean): string[];
  useGemmTile(int8: boolean, index: number): void;
  tryGemmTile(int8: boolean, index: number, repeats: number): void;
  /**
   * Quantizes a row-major matrix with `inputs` columns as an int8 model does; for writing int8 files
   * (cpp/weight_slots.h).
   */
  quantizeMatrix(weights: Float32Array, inputs: number): { values: Int8Array; scales: Float32Array };
  /** The memory as it is now: replaced when it grows, so never kept. */
  readonly HEAPU8: Uint8Array;
  readonly HEAPF32: Float32Array;
}

/** The default export of a variant's glue, `vit.<variant>.js`. */
export type Glue = (options: {
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}) => Promise<Bindings>;

/** Starts a compiled module with the glue of the same variant: names in the two are shortened as a pair. */
export function instantiate(glue: Glue, module: WebAssembly.Module): Promise<Bindings> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      reject(
        new VitError(
          'wasm',
          `The WebAssembly module could not be started (${messageOf(error)}); ` +
            'check that it is this version of vit-wasm and that `wasm.variant` names its build.',
          { cause: error },
        ),
      );
    const started = glue({
      instantiateWasm(imports, receive) {
        // Emscripten offers no way to report a failure: https://github.com/emscripten-core/emscripten/issues/23038.
        WebAssembly.instantiate(module, imports)
          .then((instance) => receive(instance, module))
          .catch(fail);
        return {};
      },
    });
    started.then(resolve, fail);
  });
}
