import type { FileLocation } from './checkpoint/files.js';
import type { OpenFile } from './checkpoint/source.js';
import type { WorkerPort } from './in-worker.js';
import type { Glue } from './module.js';
import type { Variant, WasmOverride } from './types.js';

/** What differs between a browser (index.ts) and Node (node.ts). */
export interface Platform {
  /** Opens a model's files. */
  readonly open: OpenFile;

  /** What a string that names a place is: the location it stands for, relative to the page or the working folder. */
  locate(place: string): Extract<FileLocation, { kind: 'url' | 'path' }>;

  /** Fetches and compiles the WebAssembly of a variant. */
  compile(
    variant: Variant,
    override: WasmOverride | undefined,
    signal: AbortSignal | undefined,
  ): Promise<WebAssembly.Module>;

  /** The glue of a variant, for this thread. */
  glue(variant: Variant): Promise<Glue>;

  /** Starts the worker of a variant; absent where models always run in the calling thread. */
  spawn?(this: void, variant: Variant, url: string | URL | undefined): WorkerPort;
}
