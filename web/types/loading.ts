// What `load` takes.
import type { LabelVectors } from './calls.js';
import type { Dtype, Kernels, Size, Variant } from './info.js';

/** A color: R, G and B, 0 to 255, or written as in CSS: `'#ffffff'`, `'#fff'`, `'white'`, `'black'`. */
export type Color = readonly [red: number, green: number, blue: number] | `#${string}` | 'white' | 'black';

/** The progress of a load. */
export interface Progress {
  /** The name of the file in the checkpoint: `model.safetensors`. */
  readonly file: string;
  /** Bytes of the file that have arrived and been processed. */
  readonly loaded: number;
  /**
   * Total bytes of the file. Infinity while an archive is being downloaded; the files in it then count from 0 again.
   */
  readonly total: number;
  /** What is being read: the JSON files (one report each, when done) or the weights (many reports). */
  readonly phase: 'config' | 'weights';
  /**
   * The progress of the whole load, for a single bar: `loaded / total` goes from 0 to 1. With `labels` in words, the total
   * grows once, when the text encoder's weights follow.
   */
  readonly overall: {
    /** Bytes of the weights, in all files, that have arrived and been processed. */
    readonly loaded: number;
    /** Bytes of all weights; Infinity until it is known. */
    readonly total: number;
  };
}

/** The SHA-256 of the weights, or of each file by name. */
export type Integrity = string | Readonly<Record<string, string>>;

/**
 * Your own cache for downloads: a subset of the browser's `Cache`, so a `Cache` is one. `put` is called only with
 * complete files of a model that was loaded. If a method throws, that counts as a miss.
 */
export interface ModelCache {
  /** The file stored under a key: the file's address, with `revision` in its query if one was given. */
  match(key: string): Promise<Response | undefined>;
  /** Stores a file under a key. */
  put(key: string, response: Response): Promise<unknown>;
  /** Called for files that turn out to be damaged. */
  delete?(key: string): Promise<unknown>;
}

/** A downloaded file in the cache. */
export interface CachedFile {
  /** The address it was downloaded from. */
  readonly url: string;
  /** Its size in bytes. */
  readonly bytes: number;
}

/** A checkpoint that is already in memory. */
export interface ModelInMemory {
  /** The bytes of a `model.safetensors` or of a Google Research `.npz`. */
  readonly weights: ArrayBuffer | Uint8Array | Blob;
  /** The parsed `config.json`; not needed for an `.npz`. */
  readonly config?: object | undefined;
  /** The parsed `preprocessor_config.json`. Default: a Hugging Face ViT's, at the model's image size. */
  readonly preprocessor?: object | undefined;
  /** The names of the classes, in order. Default: the config's `id2label`. */
  readonly labels?: readonly string[] | undefined;
}

/**
 * What to load.
 *
 * - `'builtin'`: the built-in model, as is `load()` without a model.
 * - `'owner/name'`: a repository on the Hugging Face Hub, or the address of its page there.
 * - a string that starts with `/`, `./`, `../`, `file:`, `http:` or `https:`, or a `URL`: the folder of a Hugging Face
 *   checkpoint; or the address of its one `.safetensors` file, or of the `.safetensors.index.json` of several, with
 *   `config.json` beside it; of a Google Research `.npz`; or of a `.zip` of a folder. Relative to the page; in Node a
 *   path on disk.
 * - `File`s that the user chose or dropped: `config.json`, `preprocessor_config.json` and one `.safetensors`; or an
 *   archive. Of files in folders (`webkitRelativePath`), those in the topmost folder with a `config.json` are used.
 * - the `dataTransfer` of a drop event, with files or folders; pass it before the first `await` of the event handler.
 * - the bytes of an archive, `.zip` or `.npz`: an `ArrayBuffer`, `Uint8Array`, `Blob` or `File`.
 * - {@link ModelInMemory}.
 *
 * Archives need random access, so one that is loaded by address is kept as a Blob until loading ends. Browsers keep
 * Blobs outside the page's memory, on disk if they are large.
 */
export type ModelLocation =
  string | URL | readonly File[] | FileList | DataTransfer | Blob | ArrayBuffer | Uint8Array | ModelInMemory;

/** Where the WebAssembly is, if it is not beside the script: one of `url`, `bytes` and `module`. */
export interface WasmOverride {
  /** Which build it is: the middle part of a name such as `vit.relaxed-threads.wasm`. */
  readonly variant: Variant;
  /** Its address, relative to the page. */
  readonly url?: string | URL | undefined;
  /** Its bytes. */
  readonly bytes?: ArrayBuffer | Uint8Array | undefined;
  /** An already compiled module. */
  readonly module?: WebAssembly.Module | undefined;
}

/** Where the worker's script is, if it is neither beside the script nor inside it. */
export interface WorkerOverride {
  /**
   * The address of the package's `worker.<variant>.js`, relative to the page. It may be on another origin that allows
   * it (CORS).
   */
  readonly url: string | URL;
}

/** How a picture becomes pixel values. Omitted settings stay as the checkpoint has them. */
export interface PreprocessOptions {
  /**
   * `'squash'`: the whole picture is resized to the model's input size, whatever its aspect ratio. `'crop'`: its
   * shortest edge is resized to that of the input, and its center is cropped.
   */
  readonly fit?: 'squash' | 'crop' | undefined;
  /** Pillow's filter for resizing. */
  readonly resample?: 'lanczos' | 'bilinear' | 'bicubic' | 'box' | 'hamming' | undefined;
  /** The factor by which bytes are multiplied before normalization; 1 / 255 in most models. */
  readonly rescaleFactor?: number | undefined;
  /** Subtracted from R, G and B after rescaling. */
  readonly mean?: readonly [number, number, number] | undefined;
  /** Divides R, G and B after that; none may be 0. */
  readonly std?: readonly [number, number, number] | undefined;
}

/** Options of `load`. */
export interface LoadOptions {
  /**
   * `'int8'` quantizes the weights as they arrive. Default: as stored in the file, which means `'fp32'` for any floats.
   */
  readonly dtype?: Dtype | undefined;
  /**
   * How many threads to use. Default `'auto'`: as many as help. There may be fewer than requested; in Node and on pages
   * that are not cross-origin isolated there is always one. `info.threadsReason` says why.
   */
  readonly threads?: number | 'auto' | undefined;
  /**
   * Where the model runs: in its own worker (`true`, the default in a browser) or in this thread (`false`, and always
   * in Node). `{ url }` is the address of `worker.<variant>.js` if it is not beside the script.
   */
  readonly worker?: boolean | WorkerOverride | undefined;
  /**
   * Forces one build of the engine. Default: the fastest this machine can run. If `threads` is a number above 1, the
   * build with threads is used even if the name is that of one without.
   */
  readonly variant?: Variant | undefined;
  /**
   * @internal Forces how matrix products are computed; for tests. Default: the fastest in a short comparison during the
   * load.
   */
  readonly kernels?: Kernels | undefined;
  /** Where the WebAssembly is, when it is not beside the script. */
  readonly wasm?: WasmOverride | undefined;
  /** Called as files arrive. If it throws, the load ends. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Cancels the load, which frees everything and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where downloads are stored for the next load, which then needs no network. `true` (default): the browser's Cache
   * named `vit-wasm`, or in Node the folder `vit-wasm` in `$XDG_CACHE_HOME` or `~/.cache`. A string: the Cache of that
   * name, the folder at that path. `false`: nowhere. Files are identified by address and `revision`, and are not
   * downloaded again while they are stored. A worker stores them once the model is loaded, after `load` has resolved;
   * `listCache`, `clearCache` and `dispose` wait for that. Nothing is stored if the load fails; if the cache fails,
   * files are downloaded again.
   */
  readonly cache?: boolean | string | ModelCache | undefined;
  /**
   * `sha256-` followed by the SHA-256 of the weights file, in base64, or in hexadecimal as the Hub shows it. Any other
   * weights are rejected (`integrity`), wherever they come from. Or one for every file of the model by name, `{
   * 'config.json': 'sha256-…', 'model.safetensors': 'sha256-…' }`: then missing files and files not listed are rejected
   * as well.
   */
  readonly integrity?: Integrity | undefined;
  /**
   * The Hub repository's branch, tag or commit; default `'main'`. For a model at an address: any text that
   * distinguishes one version from another in the cache.
   */
  readonly revision?: string | undefined;
  /** The Hub's address. Default `'https://huggingface.co'`. */
  readonly host?: string | undefined;
  /** Sent to the Hub as a bearer token, for private and gated repositories. */
  readonly token?: string | undefined;
  /**
   * The names of the classes, in place of the checkpoint's: all of them in order, or some of them by their present name
   * or index, as in `{ cat: 'Katze', 5: 'Hund' }`. For a CLIP or SigLIP model, the classes themselves, in words, or
   * their vectors, as for `setLabels`.
   */
  readonly labels?: readonly string[] | Readonly<Record<string | number, string>> | LabelVectors | undefined;
  /** For a model that takes its classes in words: the sentence with `{}` where the label goes; see `setLabels`. */
  readonly template?: string | readonly string[] | undefined;
  /**
   * Whether to keep the text encoder of a CLIP or SigLIP model in memory, for frequent calls of `embedText` or
   * `setLabels`. Default false: each call loads it, in its own worker, and frees it again.
   */
  readonly keepTextEncoder?: boolean | undefined;
  /** Overrides the checkpoint's preprocessing, where it is not what the model needs. */
  readonly preprocess?: PreprocessOptions | undefined;
  /**
   * The color behind transparent pixels. Default: alpha is ignored and the colors stay as they are, as in Python
   * after Pillow's `convert('RGB')`.
   */
  readonly background?: Color | undefined;
  /**
   * The size to which pictures are resized and cropped, in place of the one the model was trained for: a multiple of
   * the patch size, as the edge of a square or as both edges. Position embeddings are resampled as in the checkpoint's
   * own library. More patches see more detail but take longer: time grows faster than the area.
   */
  readonly imageSize?: number | Size | undefined;
  /**
   * The largest size in bytes of a file of the model, both as declared and as received; for an archive, also unpacked.
   * Larger files are rejected (`too-large`). Default: 4 GiB, all that WebAssembly can address. Other limits are fixed,
   * and far beyond any published model: 8 MB for a JSON file or a safetensors header, 64 MB for a tokenizer's JSON,
   * 20,000 tensors, 256 encoder blocks, 65,536 tokens, 65,536 classes, 100 weight files, and 5,000 files in an archive.
   */
  readonly maxBytes?: number | undefined;
  /**
   * Milliseconds without a byte after which a connection is given up, whether the server never answers or stops
   * halfway. The download is then resumed where it stopped; after three such failures in a row the load rejects
   * (`unreadable`). A slow download is not a failure, however long it takes. `Infinity` waits forever. Default 30,000.
   */
  readonly stallTimeout?: number | undefined;
}
