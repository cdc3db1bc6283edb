import type { FileStore } from '../cache/file-store.js';
import type { FileLocation, ModelFiles } from '../checkpoint/files/model-files.js';
import type { BytesAt } from '../checkpoint/files/folder.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import type { Limits } from '../patience.js';
import type { WorkerPort } from '../runtime/protocol.js';
import type { Glue } from '../engine/bindings.js';
import type { Instructions, Variant, WasmOverride } from '../types.js';

/** What differs between a browser (browser.ts) and Node (node-platform.ts). */
export interface Platform {
  /** Opens a model's files. */
  readonly open: OpenFile;

  /** Opens a store for downloads: the usual one, or that of a name. */
  store(this: void, name: string | undefined): Promise<FileStore>;
  /** Whether such a store is empty, where that can be known before a worker has started and opened it. */
  isCacheEmpty?(this: void, name: string | undefined): Promise<boolean>;

  /** Finds files that can be read at any position; absent where only those in memory can. */
  readonly bytesAt?: BytesAt;

  /** The location of an address or path, relative to the page or the working folder. */
  locate(place: string): Extract<FileLocation, { kind: 'url' | 'path' }>;

  /** Fetches and compiles the WebAssembly of a variant. */
  compile(variant: Variant, override: WasmOverride | undefined, limits?: Limits): Promise<WebAssembly.Module>;

  /** The glue of a build with one thread, for the calling thread. */
  glue(variant: Instructions): Promise<Glue>;

  /** Why models have one thread here in any case; absent where they may have more. */
  readonly threadsObstacle?: string | undefined;

  /** The model that `load()` loads. */
  builtin(): Promise<ModelFiles>;

  /**
   * The address of the script that workers load on demand (runtime/rare.ts); absent where it is in the worker's own.
   */
  rare?(this: void, workerUrl: string | URL | undefined): string | undefined;

  /** Starts the worker of a variant; absent where models always run in the calling thread. */
  readonly spawn?:
    ((this: void, variant: Variant, url: string | URL | undefined) => Promise<WorkerPort>) | undefined;
}

/**
 * Where a browser finds the package's own parts: beside the script (fetched-parts.ts) or inside it (embedded-parts.ts).
 */
export interface Parts {
  /** As in Platform. */
  readonly threadsObstacle?: string | undefined;
  /** Compiles the WebAssembly of a variant. */
  wasm(variant: Variant, limits?: Limits): Promise<WebAssembly.Module>;
  /** The address of a variant's worker script, which imports nothing. */
  worker(variant: Variant): string | Promise<string>;
  /** As in Platform. */
  rare?(): string;
  glue(variant: Instructions): Promise<Glue>;
  builtin(): Promise<ModelFiles>;
}
