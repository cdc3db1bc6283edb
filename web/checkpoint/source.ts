// Files → streams of bytes. What stands between the network and the checkpoint is in rooms of its own: downloads that
// are resumed (download.ts), the cache (cache.ts), the checksum (integrity.ts).
import { VitError } from '../errors.js';
import { download } from './download.js';
import { nameOf, type FileLocation } from './files.js';

/** The bytes of a file, as they come. */
export type ByteStream = ReadableStream<Uint8Array>;

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
      return location.bytes instanceof Blob ? location.bytes.stream() : streamOf(location.bytes);
    case 'path':
      throw new VitError('unreadable', `${nameOf(location, name)} is a path, which only Node can read.`);
  }
};

function streamOf(bytes: Uint8Array): ByteStream {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** The error for a server that answered with a page: usually a single-page application's answer to everything. */
export function pageError(url: string): VitError {
  const advice = 'there is probably no such file and the server answers with its start page instead';
  return new VitError('html', `Got an HTML page from ${url}: ${advice}; check the address.`);
}
