import type { FileStore } from '../cache/file-store.js';
import type { ModelFiles } from '../checkpoint/files/model-files.js';
import type { CheckpointOptions, OpenContext } from '../checkpoint/open.js';
import type { KnownKernels } from '../engine/kernels.js';
import type { ThreadPlan } from '../engine/threads.js';
import type { Dtype, Integrity, Variant } from '../types.js';

/** What to load, as plain data that can be posted to a worker. */
export interface SessionRequest extends CheckpointOptions {
  readonly files: ModelFiles;
  /** The build that was chosen. */
  readonly variant: Variant;
  /** Default: the file's own. */
  readonly dtype?: Dtype | undefined;
  /** The SHA-256 that the weights must have, or every file. */
  readonly integrity?: Integrity | undefined;
  /** How many bytes a file may have; see LoadOptions. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds without a byte after which a connection is given up; see LoadOptions. */
  readonly stallTimeout?: number | undefined;
  /** Loads the text encoder instead; these are the tokens whose embeddings will be needed first. */
  readonly tokens?: readonly number[] | undefined;
  /** The version of the weights' file that the image encoder is of, where it is known. */
  readonly version?: string | undefined;
  readonly threads: ThreadPlan;
  /** Requested, or measured by an earlier model. */
  readonly kernels?: KnownKernels | undefined;
}

/** What few models need. */
export type Rare = typeof import('./rare.js');

/** What loading needs besides the request. */
export type SessionContext = Omit<OpenContext, 'signal' | 'rare'> & {
  /** Fetches what few models need. */
  rare(this: void): Promise<Rare>;
  readonly signal?: AbortSignal | undefined;
  /** Where downloads are cached, if anywhere. */
  readonly store?: Promise<FileStore> | undefined;
  /** Whether the store is known to be empty. */
  readonly isCacheEmpty?: boolean;
};
