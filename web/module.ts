// The WebAssembly module as it looks from JavaScript: the only file that knows Emscripten and Embind. The C++ side of
// the same table is cpp/bindings.cpp.
import { VitError, messageOf } from './errors.js';

/** A model's sizes; cpp/config.h. */
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
  /** The width of the MLP's inner layer. */
  mlpHidden: number;
  classes: number;
  layerNormEps: number;
  /** 0 GELU (erf), 1 GELU (tanh), 2 quick GELU, 3 ReLU, 4 SiLU. */
  activation: number;
  /** Whether queries, keys and values have biases. */
  qkvBias: boolean;
}

/** How a picture becomes pixel values; cpp/preprocess.h. */
export interface NativePreprocess {
  /** 0 none, 1 squash to height × width, 2 shortest edge to height. */
  resize: number;
  resizeHeight: number;
  resizeWidth: number;
  /** Pillow's numbers: 1 Lanczos, 2 bilinear, 3 bicubic, 4 box, 5 Hamming. */
  filter: number;
  /** 0 × 0: no centre crop. */
  cropHeight: number;
  cropWidth: number;
  /** 1 when values are not rescaled. */
  rescaleFactor: number;
  /** Of R, G, B after rescaling; 0 when they are not normalised. */
  mean: [number, number, number];
  /** Of R, G, B after rescaling; 1 when they are not normalised. */
  std: [number, number, number];
}

/** A model in the module's memory. Strings are empty when all is well, else what was wrong; cpp/vit.h. */
export interface NativeModel {
  begin(config: NativeConfig, preprocess: NativePreprocess): string;
  memoryBytes(): number;
  stagingBytes(): number;
  stagingPointer(): number;
  tensor(name: string, dtype: string, shape: readonly number[], bytes: number): string;
  missing(): string;
  finish(): string;
  imageBegin(width: number, height: number): string;
  imageFirstRow(): number;
  imageRowCount(): number;
  imageRows(rows: number): void;
  pixelValuesPointer(): number;
  forward(): void;
  logitsPointer(): number;
  probabilitiesPointer(): number;
  stage(name: string): string;
  stagePointer(): number;
  stageRows(): number;
  stageColumns(): number;
  delete(): void;
}

/** A running module. */
export interface Bindings {
  readonly Model: new () => NativeModel;
  /** The name of the build that runs. */
  variant(): string;
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
        // Emscripten waits for `receive` for ever, so a failure has to go around it.
        WebAssembly.instantiate(module, imports)
          .then((instance) => receive(instance, module))
          .catch(fail);
        return {};
      },
    });
    started.then(resolve, fail);
  });
}
