// Files → streams of bytes (stream.ts). Downloads that resume are in download.ts, the cache is in cache/, the checksum
// in integrity.ts.
import { VitError } from '../../errors.js';
import { download } from './download.js';
import { nameOf, type FileLocation } from './model-files.js';
import { streamOf, streamOfBytes, type ByteStream } from './stream.js';

/** Opens a file; undefined when there is none. An aborted signal also ends the stream. */
export type OpenFile = (
  location: FileLocation,
  name: string,
  signal: AbortSignal,
) => Promise<ByteStream | undefined>;

/** Opens a file as a browser can. */
export const openFile: OpenFile = async (location, name, signal) => {
  switch (location.kind) {
    case 'url':
      return await download(location, signal);
    case 'bytes':
      return location.bytes instanceof Blob
        ? streamOf(location.bytes.stream(), location.bytes.size)
        : streamOfBytes(location.bytes);
    case 'path':
      throw new VitError('unreadable', `${nameOf(location, name)} is a path, which only Node can read.`);
  }
};
