import { isError, VitError } from '../errors.js';
import type { Bindings, NativeConfig, NativeModel, NativePreprocess, Pooling } from './bindings.js';
import { Regression, type RegressionProblem } from './regression.js';
import type { Box, Dtype, Kernels, Size } from '../types.js';

/** A row-major matrix: one stage of the forward pass. */
export interface Stage {
  readonly data: Float32Array<ArrayBuffer>;
  readonly rows: number;
  readonly columns: number;
}

/** The outputs of a forward pass; cpp/vit.h. */
interface Outputs {
  readonly blocks?: number | undefined;
  readonly norm?: boolean;
  readonly tokens?: boolean;
  readonly pooling?: Pooling | -1;
  readonly joint?: boolean;
  readonly unitLength?: boolean;
  readonly head?: boolean;
}

/** What the encoder blocks would answer. */
export interface Lens {
  /** [layers × classes]. */
  readonly probabilities: Float32Array<ArrayBuffer>;
  /** [layers × patches]: the most probable class of each patch, and its probability. */
  readonly patchClasses?: Int32Array;
  readonly patchProbabilities?: Float32Array;
}

/** One axis of a tensor as it is stored: `size` steps of `stride` elements in the slot; cpp/element_order.h. */
export interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** A tensor, or a part of one, for a slot of the engine. */
export interface IncomingTensor {
  /** Its name in messages. */
  readonly title: string;
  /** A name of cpp/weight_slots.h. */
  readonly slot: string;
  /** `F32`, `F16`, `BF16` or `F64`. */
  readonly dtype: string;
  /** As the slot has it. */
  readonly shape: readonly number[];
  readonly bytes: number;
  /** The axes as they are stored, slowest first, where that is not the slot's own order. */
  readonly order?: readonly Axis[] | undefined;
}

/**
 * One model in one WebAssembly instance: typed calls over its memory. Knows neither files nor pictures; every buffer it
 * gives is a copy. No view of the memory is kept, because memory moves when it grows.
 *
 * A model's life: `begin` and `announce` until nothing is `missing`, `allocate`, `tensorWriter` for every tensor,
 * `finish`; then `preprocess`, `forward` and the results, as often as wanted; `dispose`.
 */
export class Engine {
  #bindings: Bindings | undefined;
  #model: NativeModel | undefined;
  #config: NativeConfig | undefined;
  /** The picture that is coming in: which row is next. */
  #picture = { rowBytes: 0, row: 0 };
  /** What calls fail with once the engine is gone. */
  #end = new VitError('disposed', 'This model was disposed; load it again to use it.');

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
    this.#model = new bindings.Model();
  }

  /** The name of the build that runs. */
  get variant(): string {
    return this.#running().variant();
  }

  /** Makes at most `count` threads share the work. The most are set before `begin`, which gives each its buffers. */
  useThreads(count: number): void {
    this.#running().useThreads(count);
  }

  /** How many of them are running. */
  get runningThreads(): number {
    return this.#running().runningThreads();
  }

  /** The kernels for models of `dtype`, all of which give the same bits; the first is the default. */
  kernels(dtype: Dtype): Kernels[] {
    return this.#running().gemmTiles(dtype === 'int8') as Kernels[];
  }

  /** Uses the kernels at this index of `kernels` from now on. */
  useKernels(dtype: Dtype, index: number): void {
    this.#running().useGemmTile(dtype === 'int8', index);
  }

  /** Runs them on constant data, each repeat for 1 to 10 microseconds, to be timed. */
  tryKernels(dtype: Dtype, index: number, repeats: number): void {
    this.#running().tryGemmTile(dtype === 'int8', index, repeats);
  }

  /** Bytes of weights, activations and staging together. */
  get memoryBytes(): number {
    return this.#native().memoryBytes();
  }

  /** Takes the sizes of a model, so that tensors can be announced; throws when the sizes are invalid. */
  begin(config: NativeConfig, preprocess: NativePreprocess): void {
    const complaint = this.#native().begin(config, preprocess);
    if (complaint) throw new VitError('config', `The model cannot be set up: ${complaint}.`);
    this.#config = config;
  }

  /**
   * Allocates the weights and all that a forward pass needs, before the first weight arrives; throws when memory runs
   * out. Later only matrices that do not arrive row by row, and looking inside, take memory for a while (cpp/vit.h).
   */
  allocate(): void {
    const complaint = this.#native().allocate();
    if (complaint) throw new VitError('engine', `The model cannot be set up: it ${complaint}.`);
  }

  /**
   * Checks a tensor before any of its bytes are read: the index of its slot, for `tensorWriter`, or what is wrong, as a
   * predicate to append to the tensor's name.
   */
  announce({ slot, dtype, shape, order = [] }: IncomingTensor): number | string {
    const axes = order.flatMap(({ size, stride }) => [size, stride]);
    return this.#native().announce(slot, dtype, shape, axes);
  }

  /** The names of tensors that are expected and were not announced. */
  missing(): string[] {
    return this.#native().missing().split('\n').filter(Boolean);
  }

  /**
   * A function that takes the bytes of the tensor announced for slot number `slot`, in pieces of any size, cut
   * anywhere. Each byte is copied once, into the engine's staging buffer, and is converted and packed from there when
   * the buffer is full or the tensor ends.
   */
  tensorWriter(slot: number, { title, bytes }: IncomingTensor): (piece: Uint8Array) => void {
    const capacity = this.#native().stagingBytes();
    let staged = 0;
    let taken = 0;
    return (piece) => {
      const model = this.#native();
      for (let from = 0; from < piece.length;) {
        const part = piece.subarray(from, from + capacity - staged);
        this.#running().HEAPU8.set(part, model.stagingPointer() + staged);
        from += part.length;
        staged += part.length;
        taken += part.length;
        if (staged < capacity && taken < bytes) continue;
        const complaint = model.receive(slot, staged);
        if (complaint) throw new VitError('tensors', `The tensor "${title}" ${complaint}.`);
        staged = 0;
      }
    };
  }

  /** Ends loading; throws when a tensor is incomplete. */
  finish(): void {
    const complaint = this.#native().finish();
    if (complaint) throw new VitError('tensors', `The weights are incomplete: ${complaint}.`);
  }

  /** Resizes, crops and normalizes a picture, given in bands of rows from the top, into the pixel values. */
  preprocess({ bands, ...size }: Size & { readonly bands: Iterable<Uint8Array> }): void {
    this.beginPicture(size);
    for (const band of bands) this.addRows(band);
  }

  /** Starts a picture, whose rows follow; a picture that was incomplete is dropped. */
  beginPicture({ width, height }: Size): void {
    const complaint = this.#native().imageBegin(width, height);
    if (complaint) throw new VitError('invalid-source', `The picture ${complaint}.`);
    this.#picture = { rowBytes: 4 * width, row: 0 };
  }

  /**
   * Takes the next rows of the picture, RGBA; only those that are needed are copied. The last complete the pixel
   * values.
   */
  addRows(rows: Uint8Array): void {
    const model = this.#native();
    const { rowBytes, row } = this.#picture;
    const count = rows.length / rowBytes;
    const first = model.imageFirstRow();
    const end = Math.min(count, first + model.imageRowCount() - row);
    const rowsAtOnce = Math.floor(model.stagingBytes() / rowBytes);
    for (let at = Math.max(0, first - row); at < end; at += rowsAtOnce) {
      const part = rows.subarray(at * rowBytes, Math.min(end, at + rowsAtOnce) * rowBytes);
      this.#running().HEAPU8.set(part, model.stagingPointer());
      model.imageRows(part.length / rowBytes);
    }
    this.#picture.row += count;
  }

  /** The pixel values [3 × height × width], channel by channel: what the network sees. */
  pixelValues(): Float32Array<ArrayBuffer> {
    return this.#floats(this.#native().pixelValuesPointer(), this.#pixelCount());
  }

  /** Sets the pixel values [3 × height × width] without a picture. */
  setPixelValues(values: Float32Array): void {
    if (values.length !== this.#pixelCount()) {
      throw new VitError(
        'invalid-argument',
        `${values.length} pixel values were given; this model takes ${this.#pixelCount()}.`,
      );
    }
    this.#running().HEAPF32.set(values, this.#native().pixelValuesPointer() / 4);
  }

  /** Pixel values → logits and probabilities, of a model with a head. */
  forward(): void {
    this.#forward({ pooling: this.#network().pooling, head: true });
  }

  /** Pixel values → features [hidden] under a pooling of one vector; scaled to Euclidean length 1 if `normalize`. */
  embed(pooling: Pooling, normalize: boolean): Float32Array<ArrayBuffer> {
    this.#forward({ pooling, unitLength: normalize });
    return this.#floats(this.#native().pooledPointer(), this.#network().hidden);
  }

  /** Pixel values → the embedding [jointWidth] that is comparable with that of a text. */
  embedJoint(pooling: Pooling, normalize: boolean): Float32Array<ArrayBuffer> {
    this.#forward({ pooling, joint: true, unitLength: normalize });
    return this.#floats(this.#native().jointPointer(), this.#network().jointWidth);
  }

  /** Of a text encoder: puts the embeddings of tokens, as a file has them, at `first` and the positions after it. */
  putEmbeddings(rows: Uint8Array, dtype: string, first: number): void {
    const model = this.#native();
    const rowBytes = this.#network().hidden * bytesOf(dtype);
    const rowsAtOnce = Math.floor(model.stagingBytes() / rowBytes);
    for (let at = 0; at < rows.length; at += rowsAtOnce * rowBytes) {
      const part = rows.subarray(at, at + rowsAtOnce * rowBytes);
      this.#running().HEAPU8.set(part, model.stagingPointer());
      const complaint = model.putEmbeddings(dtype, first + at / rowBytes, part.length / rowBytes);
      if (complaint) throw new VitError('tensors', `The token embeddings ${complaint}.`);
    }
  }

  /**
   * Of a text encoder: the texts whose tokens' embeddings were put, the `shared` tokens that all begin with and then so many
   * of each text → a vector of each [texts × width].
   */
  embedTexts(lengths: readonly number[], shared: number, normalize: boolean): Stage {
    const model = this.#native();
    const complaint = model.embedTexts(lengths, shared, normalize);
    if (complaint) throw new VitError('invalid-argument', `${lengths.length} texts ${complaint}.`);
    const columns = this.#network().jointWidth || this.#network().hidden;
    const pointer = this.#network().jointWidth ? model.jointPointer() : model.pooledPointer();
    return { data: this.#floats(pointer, lengths.length * columns), rows: lengths.length, columns };
  }

  /**
   * Pixel values → all tokens [tokens × hidden] after so many encoder blocks, all by default; through the final norm if
   * `norm`: prefix tokens, then patches.
   */
  tokens(blocks = this.#network().layers, norm = true): Stage {
    const model = this.#native();
    this.#forward({ blocks, norm, tokens: true });
    const rows = model.tokenCount();
    const columns = this.#network().hidden;
    return { data: this.#floats(model.tokensPointer(), rows * columns), rows, columns };
  }

  /** The grid of patches; of a Swin Transformer, which merges them, that of its last stage. */
  get grid(): { readonly rows: number; readonly columns: number } {
    const columns = this.#native().gridColumns();
    return { rows: this.#patches() / columns, columns };
  }

  /** How many tokens precede the patches. */
  get prefix(): number {
    return this.#native().prefixCount();
  }

  /** The part of the latest picture that the patches cover. */
  get box(): Box {
    return this.#native().imageBox();
  }

  /** Pixel values → attention weights [patches] of one encoder block, or of all up to it; cpp/inspection.h. */
  attention(layer: number, head: number | undefined, rollout: boolean): Float32Array<ArrayBuffer> {
    return this.#map(this.#native().attention(layer, head ?? -1, rollout));
  }

  /** Pixel values → what each patch adds to the logit of one class [patches]; cpp/inspection.h. */
  explain(label: number): Float32Array<ArrayBuffer> {
    return this.#map(this.#native().explain(label));
  }

  /**
   * Pixel values → how far each patch turns the embedding in a direction [jointWidth, or hidden without a projection]:
   * [patches].
   */
  explainTowards(direction: Float32Array): Float32Array<ArrayBuffer> {
    return this.#map(this.#native().explainTowards(direction));
  }

  /** Pixel values → what each encoder block would answer; of each patch, too, if `patches`. */
  lens(patches: boolean): Lens {
    const model = this.#native();
    model.lens(patches);
    const { layers, classes } = this.#network();
    const probabilities = this.#floats(model.lensPointer(), layers * classes);
    if (!patches) return { probabilities };
    const count = layers * this.#patches();
    return {
      probabilities,
      patchClasses: new Int32Array(this.#running().HEAPU8.buffer, model.patchClassesPointer(), count).slice(),
      patchProbabilities: this.#floats(model.patchProbabilitiesPointer(), count),
    };
  }

  /**
   * Pixel values → the embedding after each encoder block [layers × width], of length 1, to be compared with those of
   * texts; and of each patch, if `patches`: [layers × patches × width].
   */
  embeddingLens(patches: boolean): Record<'pictures' | 'patches', Float32Array<ArrayBuffer>> {
    const model = this.#native();
    checkLook(model.embeddingLens(patches));
    const { layers, jointWidth, hidden } = this.#network();
    const count = layers * (jointWidth || hidden);
    const pointer = model.mapPointer();
    return {
      pictures: this.#floats(pointer, count),
      patches: this.#floats(pointer + 4 * count, patches ? count * this.#patches() : 0),
    };
  }

  /** [classes], before softmax. */
  logits(): Float32Array<ArrayBuffer> {
    return this.#floats(this.#native().logitsPointer(), this.#network().classes);
  }

  /** [classes], after softmax; after sigmoid of a model whose classes do not exclude each other. */
  probabilities(): Float32Array<ArrayBuffer> {
    return this.#floats(this.#native().probabilitiesPointer(), this.#network().classes);
  }

  /** A logistic regression in the engine's memory; to be disposed of by the caller. */
  regression(problem: RegressionProblem): Regression {
    return new Regression(this.#running(), problem);
  }

  /**
   * Runs the forward pass and keeps one stage, where the model has it: `patches`, `tokens`, `norm_pre`, `blocks.0` …,
   * `norm`, `pooled`, `logits`, `probabilities`.
   */
  stage(name: string): Stage {
    return this.#stage(name, (model) => model.stage(name));
  }

  /** The same for texts, as `embedTexts` takes them: `tokens`, `blocks.0` …, `pooled`, `joint`. */
  textStage(lengths: readonly number[], name: string): Stage {
    return this.#stage(name, (model) => model.textStage(lengths, name));
  }

  #stage(name: string, run: (model: NativeModel) => string): Stage {
    const model = this.#native();
    const complaint = run(model);
    if (complaint) throw new VitError('invalid-argument', `"${name}" ${complaint}.`);
    const rows = model.stageRows();
    const columns = model.stageColumns();
    return { data: this.#floats(model.stagePointer(), rows * columns), rows, columns };
  }

  /** Frees the WebAssembly instance, its threads and its memory. Any later call throws. */
  dispose(): void {
    this.#bindings?.endThreads();
    this.#model?.delete();
    this.#drop();
  }

  /**
   * Runs `work`; when it ends in a WebAssembly trap, nothing in the engine's memory can be trusted any more, so the
   * engine is dropped and the trap becomes an error that says so.
   */
  guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isError(error) || error.name !== 'RuntimeError') throw error;
      const message = `The engine stopped unexpectedly (${error.message}); load the model again.`;
      this.#end = new VitError('engine', message, { cause: error });
      this.#drop();
      throw this.#end;
    }
  }

  #drop(): void {
    this.#model = undefined;
    this.#bindings = undefined;
  }

  #native(): NativeModel {
    if (this.#model) return this.#model;
    throw this.#end;
  }

  #running(): Bindings {
    if (this.#bindings) return this.#bindings;
    throw this.#end;
  }

  /** The configuration that the model has begun with. */
  #network(): NativeConfig {
    if (this.#config) return this.#config;
    throw this.#end;
  }

  #forward({ blocks, norm = true, tokens = false, pooling = -1, ...more }: Outputs): void {
    const { joint = false, unitLength = false, head = false } = more;
    const all = this.#network().layers;
    this.#native().forward(blocks ?? all, norm, tokens, pooling, joint, unitLength, head);
  }

  #pixelCount(): number {
    const { imageHeight, imageWidth } = this.#network();
    return 3 * imageHeight * imageWidth;
  }

  #patches(): number {
    return this.#native().tokenCount() - this.prefix;
  }

  #map(complaint: string): Float32Array<ArrayBuffer> {
    checkLook(complaint);
    return this.#floats(this.#native().mapPointer(), this.#patches());
  }

  #floats(pointer: number, count: number): Float32Array<ArrayBuffer> {
    return this.#running().HEAPF32.slice(pointer / 4, pointer / 4 + count);
  }
}

function checkLook(complaint: string): void {
  if (complaint) throw new VitError('engine', `The model cannot be inspected: it ${complaint}.`);
}

/** Bytes of one number; arbitrary for unknown types, which the engine refuses. */
function bytesOf(dtype: string): number {
  return { F64: 8, F32: 4 }[dtype] ?? 2;
}
