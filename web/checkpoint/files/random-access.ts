// Files of which any part can be read: archives, whose directory is at the end.
import { BlobWriter } from './blob-writer.js';
import type { ByteReader } from './byte-reader.js';

/** A file of which any part can be read. */
export interface RandomAccess {
  /** Its name in messages. */
  readonly name: string;
  readonly size: number;
  /** The bytes [begin, end). */
  slice(begin: number, end: number): Blob;
}

export function accessTo(bytes: Blob | Uint8Array, name: string): RandomAccess {
  if (bytes instanceof Blob) {
    return { name, size: bytes.size, slice: (begin, end) => bytes.slice(begin, end) };
  }
  const part = (begin: number, end: number) => bytes.subarray(begin, end) as Uint8Array<ArrayBuffer>;
  return { name, size: bytes.length, slice: (begin, end) => new Blob([part(begin, end)]) };
}

/** Reads the rest of a file into a Blob, where its parts cannot be requested. */
export async function keep(reader: ByteReader, onPiece: () => void): Promise<RandomAccess> {
  const file = new BlobWriter();
  for (let piece; (piece = await reader.next());) {
    onPiece();
    file.write(piece);
  }
  return accessTo(file.finish(), reader.name);
}
