// What every cache keeps its files in, and the names that files have there.
import type { UrlLocation } from '../checkpoint/files/model-files.js';
import type { ByteStream } from '../checkpoint/files/stream.js';

/** A store of files by key. Every method may reject. */
export interface FileStore {
  /** The file as it was stored; undefined if there is none. */
  read(key: string): Promise<ByteStream | undefined>;
  /** Starts to write a file, which cannot be read before `finish`. */
  write(key: string): Promise<FileWriter>;
  remove(key: string): Promise<unknown>;
}

/** A file being written to a store. */
export interface FileWriter {
  /** Takes the next piece, which may change as soon as this has resolved. */
  write(piece: Uint8Array): Promise<void>;
  /** All pieces are written: from now on the file can be read. */
  finish(): Promise<void>;
  /** Removes everything written so far. */
  abandon(): Promise<unknown>;
}

/** A file's key: its address, with the revision if the address does not contain it. */
export function cacheKey({ url, revision }: UrlLocation): string {
  if (revision === undefined) return url;
  const key = new URL(url);
  key.searchParams.append('revision', revision);
  return key.href;
}

/** The key of something that is kept of the file with a key, or was made of it. */
export function keyOfPart(key: string, name: string, value: string): string {
  const part = new URL(key);
  part.searchParams.append(`vit-wasm-${name}`, value);
  return part.href;
}

/**
 * The key of the note that says in which revision weights were found that the main branch does not have; by their key.
 */
export function keyOfConversion(weightsKey: string): string {
  return keyOfPart(weightsKey, 'conversion', 'revision');
}
