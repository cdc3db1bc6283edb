// A checkpoint's files, ready to be opened by name: as they were located, or within an archive.
import type { VitError } from '../../errors.js';
import type { Progress } from '../../types.js';
import { ByteReader } from './byte-reader.js';
import {
  locationOf,
  nameOf,
  notFound,
  tokenizerNames,
  type FileLocation,
  type ModelFiles,
} from './model-files.js';
import { limits } from './limits.js';
import { accessTo, type RandomAccess } from './random-access.js';
import type { OpenFile } from './source.js';

/** The bytes of a file, to be read here and there; undefined when it has to be read from front to end. */
export type BytesAt = (location: FileLocation) => Promise<Blob | Uint8Array | undefined>;

/** What opening and filling need besides the files. */
export interface ReadContext {
  readonly open: OpenFile;
  /** Finds files that need not be read from front to end. Default: those in memory. */
  readonly bytesAt?: BytesAt | undefined;
  /** Whether weights in several files are refused, because one checksum was given. */
  readonly inOneFile?: boolean | undefined;
  /** Aborting it closes every file. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** How many bytes a file may have. */
  readonly maxBytes?: number | undefined;
}

/** How far a load has come before it is known how many weights there are. */
export const nothingYet: Progress['overall'] = { loaded: 0, total: Infinity };

/** What `maxBytes` is without the option: all that WebAssembly can address. */
const defaultMaxBytes = 2 ** 32;

export interface Folder {
  /** The name of the weights' file. */
  readonly weights: string;
  /** Opens a file; undefined when there is none. */
  open(file: string): Promise<ByteReader | undefined>;
  /** A file to read here and there; undefined when it has to be read from front to end. */
  access(file: string): Promise<RandomAccess | undefined>;
  /** The error for a file that does not exist. */
  notFound(file: string): VitError;
}

/** How many bytes of a file are read at most. */
export function largestOf(file: string, { maxBytes = defaultMaxBytes }: ReadContext): number {
  if (!/\.json$/i.test(file)) return maxBytes;
  return Math.min(maxBytes, tokenizerNames.includes(file) ? limits.tokenizerBytes : limits.jsonBytes);
}

/** The files that `load` was given. */
export function folderOf(files: ModelFiles, context: ReadContext): Folder {
  const { open, bytesAt = bytesInMemory, signal } = context;
  return {
    weights: files.weights,
    async open(file) {
      const location = locationOf(files, file);
      const stream = location && (await open(location, file, signal));
      return stream && new ByteReader(stream, nameOf(location, file), signal, largestOf(file, context));
    },
    async access(file) {
      const location = locationOf(files, file);
      const bytes = location && (await bytesAt(location));
      return bytes && accessTo(bytes, nameOf(location, file));
    },
    notFound: (file) => notFound(files, file),
  };
}

async function bytesInMemory(location: FileLocation): ReturnType<BytesAt> {
  return Promise.resolve(location.kind === 'bytes' ? location.bytes : undefined);
}
