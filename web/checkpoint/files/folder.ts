// A checkpoint's files, ready to be opened by name: as they were located, or within an archive.
import { VitError } from '../../errors.js';
import type { Progress } from '../../types.js';
import { ByteReader, tooLarge } from './byte-reader.js';
import {
  locationOf,
  nameOf,
  notFound,
  tokenizerNames,
  weightsAmong,
  weightsName,
  type FileLocation,
  type ModelFiles,
} from './model-files.js';
import { limits } from './limits.js';
import { accessTo, type RandomAccess } from './random-access.js';
import type { OpenFile } from './source.js';
import { openEntry, type ZipArchive } from './zip.js';

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

/** The files in an archive: those beside its one config.json, or beside its weights. */
export function folderIn(archive: ZipArchive, context: ReadContext): Folder {
  const { name } = archive.file;
  const files = archive.entries.filter((entry) => !isHidden(entry.name));
  const weights = weightsAmong(files.map((entry) => entry.name));
  if (typeof weights !== 'string') throw noModel(name, weights);
  const beside = weights.slice(0, weights.lastIndexOf('/') + 1);
  const find = (file: string) => files.find((entry) => entry.name === beside + file);
  return {
    weights: weights.slice(beside.length),
    async open(file) {
      const entry = find(file);
      if (!entry) return undefined;
      const title = `${name}, ${entry.name}`;
      const largest = largestOf(file, context);
      // Before a byte of it is unpacked.
      if (entry.size > largest) throw tooLarge(title, entry.size, largest);
      return new ByteReader(await openEntry(archive, entry), title, context.signal, largest);
    },
    access: () => Promise.resolve(undefined),
    notFound: (file) =>
      new VitError('not-found', `There is no ${beside}${file} in ${name}: it should be next to the weights.`),
  };
}

/** What archivers add of their own. */
function isHidden(path: string): boolean {
  return /(^|\/)(__MACOSX\/|\.)/.test(path);
}

function noModel(archive: string, candidates: readonly string[]): VitError {
  if (candidates.length === 0) {
    const advice =
      'a model is a folder with config.json, model.safetensors and usually preprocessor_config.json';
    return new VitError('not-found', `There are no weights in ${archive}: ${advice}.`);
  }
  const names = candidates.slice(0, 3).join(', ');
  return new VitError(
    'not-found',
    `There are ${candidates.length} files of weights in ${archive} (${names}): pack a single model, named ${weightsName}.`,
  );
}
