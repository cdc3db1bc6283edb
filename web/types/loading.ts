// What `load` takes.
import type { LabelVectors } from './calls.js';
import type { Dtype, Kernels, Size, Variant } from './info.js';

/** A colour: R, G and B, 0 to 255, or written as in CSS: `'#ffffff'`, `'#fff'`, `'white'`, `'black'`. */
export type Color = readonly [red: number, green: number, blue: number] | `#${string}` | 'white' | 'black';

/** How far a load has come. */
export interface Progress {
  /** The file, as the checkpoint names it: `model.safetensors`. */
  readonly file: string;
  /** Bytes of it that have arrived and been taken in. */
  readonly loaded: number;
  /**
   * Bytes of it in all. Infinity while an archive is fetched by address, which comes first: what is in it then counts
   * from 0 again.
   */
  readonly total: number;
  /** What is being read: the JSON files (one report each, when done) or the weights (many). */
  readonly phase: 'config' | 'weights';
  /** How far the whole load has come, for one bar: `loaded / total` goes from 0 to 1. */
  readonly overall: {
    /** Bytes of the weights, of all files, that have arrived and been taken in. */
    readonly loaded: number;
    /** Bytes of all weights; Infinity until the files have said how many there are. */
    readonly total: number;
  };
}

/** The SHA-256 that the weights must have, or that the files of these names must have. */
export type Integrity = string | Readonly<Record<string, string>>;

/**
 * A cache of your own for downloads: the part of the browser's `Cache` that is used, so one of those is one. `put` is
 * called only with files of a model that was loaded, in full. Whatever it throws is taken for a miss.
 */
export interface ModelCache {
  /** What was put under a key, which is the file's address, with `revision` in its query if that was given. */
  match(key: string): Promise<Response | undefined>;
  /** Keeps a file under a key. */
  put(key: string, response: Response): Promise<unknown>;
  /** Called for files that turned out to be damaged. */
  delete?(key: string): Promise<unknown>;
}

/** A file that was kept of a download. */
export interface CachedFile {
  /** Where it came from. */
  readonly url: string;
  /** How many there are. */
  readonly bytes: number;
}

/** A checkpoint that is in memory already. */
export interface ModelInMemory {
  /** The bytes of a `model.safetensors` or of a Google Research `.npz`. */
  readonly weights: ArrayBuffer | Uint8Array | Blob;
  /** The parsed `config.json`; an `.npz` needs none. */
  readonly config?: object | undefined;
  /** The parsed `preprocessor_config.json`. Default: a Hugging Face ViT's, at the model's image size. */
  readonly preprocessor?: object | undefined;
  /** The names of the classes, in order. Default: the config's `id2label`. */
  readonly labels?: readonly string[] | undefined;
}

/**
 * What to load.
 *
 * - `'builtin'`: the built-in model, which `load()` without a model means, too.
 * - `'owner/name'`: a repository on the Hugging Face Hub, or the address of its page there.
 * - a string that starts with `/`, `./`, `../`, `file:`, `http:` or `https:`, or a `URL`: the folder of a Hugging Face
 *   checkpoint; or the address of its one `.safetensors` file, or of the `.safetensors.index.json` of several, with
 *   `config.json` beside it; of a Google Research `.npz`; or of a `.zip` of a folder. Relative to the page; in Node a
 *   path on disk.
 * - `File`s that were chosen or dropped: `config.json`, `preprocessor_config.json` and one `.safetensors`; or an
 *   archive. With files in folders (`webkitRelativePath`), those of the topmost folder with a `config.json`.
 * - the `dataTransfer` of a drop, with files or folders; to be passed before the first `await` of the event's handler.
 * - the bytes of an archive, `.zip` or `.npz`: an `ArrayBuffer`, `Uint8Array`, `Blob` or `File`.
 * - {@link ModelInMemory}.
 *
 * Archives are read here and there. One that is fetched by address is therefore kept as a Blob until it is loaded: the
 * browser has it outside the page's memory, on disk if it is large.
 */
export type ModelLocation =
  string | URL | readonly File[] | FileList | DataTransfer | Blob | ArrayBuffer | Uint8Array | ModelInMemory;

/** Where the WebAssembly is, when it is not beside the script: one of `url`, `bytes` and `module`. */
export interface WasmOverride {
  /** Which build it is: of `vit.relaxed-threads.wasm`, the part in the middle. */
  readonly variant: Variant;
  /** Its address, relative to the page. */
  readonly url?: string | URL | undefined;
  /** Its bytes. */
  readonly bytes?: ArrayBuffer | Uint8Array | undefined;
  /** Compiled already. */
  readonly module?: WebAssembly.Module | undefined;
}

/** Where the worker's script is, when it is not beside the script or inside it. */
export interface WorkerOverride {
  /** The address of the package's `worker.<variant>.js`, relative to the page; of another origin if that allows it. */
  readonly url: string | URL;
}

/** How a picture becomes pixel values. What is left out stays as the checkpoint has it. */
export interface PreprocessOptions {
  /**
   * `'squash'`: the whole picture is resized to the model's input, whatever its shape. `'crop'`: its shortest edge is
   * resized to the input's, and the middle is cropped.
   */
  readonly fit?: 'squash' | 'crop' | undefined;
  /** Pillow's filter for resizing. */
  readonly resample?: 'lanczos' | 'bilinear' | 'bicubic' | 'box' | 'hamming' | undefined;
  /** What bytes are multiplied with before they are normalised; 1 / 255 in most models. */
  readonly rescaleFactor?: number | undefined;
  /** Is subtracted from R, G and B, after rescaling. */
  readonly mean?: readonly [number, number, number] | undefined;
  /** R, G and B are divided by it then; none may be 0. */
  readonly std?: readonly [number, number, number] | undefined;
}

/** Options of `load`. */
export interface LoadOptions {
  /** `'int8'` quantises the weights while they arrive. Default: as the file has them, which is `'fp32'` for all floats. */
  readonly dtype?: Dtype | undefined;
  /**
   * How many threads to use. Default `'auto'`: as many as help. There may be fewer than asked for, in Node and on pages
   * that are not cross-origin isolated always one; `info.threadsReason` says why.
   */
  readonly threads?: number | 'auto' | undefined;
  /**
   * Where the model runs: in a worker of its own (`true`, the default in a browser), or in this thread (`false`, and
   * always in Node). `{ url }` is the address of `worker.<variant>.js` when it is not beside the script.
   */
  readonly worker?: boolean | WorkerOverride | undefined;
  /**
   * Forces one build of the engine. Default: the fastest this machine can run. One without threads in its name is taken
   * with them when `threads` asks for more than one by number.
   */
  readonly variant?: Variant | undefined;
  /**
   * @internal Forces how matrix products are computed; for tests. Default: the fastest in a short comparison during the
   * load.
   */
  readonly kernels?: Kernels | undefined;
  /** Where the WebAssembly is, when it is not beside the script. */
  readonly wasm?: WasmOverride | undefined;
  /** Called as files arrive. What it throws ends the load. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Gives the load up and frees everything: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where downloads are kept for the next load, which then needs no network. `true` (default): the browser's Cache named
   * `vit-wasm`, or in Node the folder `vit-wasm` in `$XDG_CACHE_HOME` or `~/.cache`. A string: the Cache of that name,
   * the folder at that path. `false`: nowhere. Files are found by address and `revision`, and are not asked for again
   * while they are there. A worker stores them once the model is loaded, after `load` has resolved; `listCache`,
   * `clearCache` and `dispose` wait for that. Nothing is kept of a load that fails; a cache that fails only costs the
   * download.
   */
  readonly cache?: boolean | string | ModelCache | undefined;
  /**
   * `sha256-` and the SHA-256 of the weights' file, in base64 or hexadecimal, as the Hub shows it. Other weights are
   * refused (`integrity`), wherever they come from. Or one for every file of the model by its name,
   * `{ 'config.json': 'sha256-…', 'model.safetensors': 'sha256-…' }`: then a file that is missing, or is not in the
   * table, is refused as well.
   */
  readonly integrity?: Integrity | undefined;
  /**
   * The Hub repository's branch, tag or commit; default `'main'`. For a model at an address: any text, which tells the
   * cache one version from another.
   */
  readonly revision?: string | undefined;
  /** The Hub's address. Default `'https://huggingface.co'`. */
  readonly host?: string | undefined;
  /** Sent to the Hub as a Bearer token, for private and gated repositories. Nothing is sent without it. */
  readonly token?: string | undefined;
  /**
   * The names of the classes instead of the checkpoint's: all of them in order, or some by the name or index they have,
   * as in `{ cat: 'Katze', 5: 'Hund' }`. Of a CLIP or SigLIP model that compares pictures with texts: the classes
   * themselves, in words, or their vectors, as `setLabels` takes them.
   */
  readonly labels?: readonly string[] | Readonly<Record<string | number, string>> | LabelVectors | undefined;
  /** What `{}` in it becomes a label, of a model that takes its classes in words; see `setLabels`. */
  readonly template?: string | readonly string[] | undefined;
  /**
   * Whether the text encoder of a model that takes words stays in memory, for many calls of `embedText` or `setLabels`.
   * Default false: it is loaded for each and dropped again, in a worker of its own.
   */
  readonly keepTextEncoder?: boolean | undefined;
  /** Changes what is done to a picture, where the checkpoint's own preprocessing is not what the model needs. */
  readonly preprocess?: PreprocessOptions | undefined;
  /**
   * What shows through where a picture is transparent. Default: alpha is ignored and the colours behind it are seen, as
   * Python's processors do after Pillow's `convert('RGB')`.
   */
  readonly background?: Color | undefined;
  /**
   * What pictures are resized and cropped to, instead of the size the model was trained for: whole patches high and wide,
   * as a square's edge or by its edges. Position embeddings are resampled as the checkpoint's own library does. More
   * patches see more and take longer: time grows with the area, and faster.
   */
  readonly imageSize?: number | Size | undefined;
  /**
   * How many bytes a file of the model may have, as it declares and as it comes; of an archive, also what is unpacked.
   * More are refused (`too-large`). Default: 4 GiB, all that WebAssembly can address. Not an option, and far beyond any
   * published model, is what is refused besides: JSON files and the header of a safetensors file of more than 8 MB, and
   * more than 20,000 tensors, 256 encoder blocks, 65,536 tokens, 65,536 classes, 100 files of weights, or 5,000 files in an
   * archive.
   */
  readonly maxBytes?: number | undefined;
  /**
   * Milliseconds without a byte after which a connection is given up, whether the server never answers or stops in the
   * middle. A file is then resumed where it stopped; after three such failures in a row the load rejects (`unreadable`).
   * A slow download is no failure, however long it takes. `Infinity` waits forever. Default 30,000.
   */
  readonly stallTimeout?: number | undefined;
}
