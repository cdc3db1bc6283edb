// Files → streams of bytes. Every download goes through `openFile`; whatever stands between the network and the
// checkpoint (a cache, resuming, a checksum) belongs around it.
import { VitError, messageOf } from '../errors.js';
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
      return await download(location.url, location.headers, signal);
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

async function download(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  signal: AbortSignal,
): Promise<ByteStream | undefined> {
  const response = await request(url, headers, signal);
  if (response.status === 200 && !isPage(response)) return response.body ?? streamOf(new Uint8Array());
  // Nobody will read this body, and an unread one holds its connection.
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410) return undefined;
  throw response.status === 200 ? pageError(url) : statusError(url, response.status);
}

async function request(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(url, { headers, signal });
  } catch (error) {
    signal.throwIfAborted();
    const advice = 'check the address, the connection, and that the server lets this page read it (CORS)';
    throw new VitError('unreadable', `Could not fetch ${url} (${messageOf(error)}): ${advice}.`, {
      cause: error,
    });
  }
}

function isPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
}

/** The error for a server that answered with a page: usually a single-page application's answer to everything. */
export function pageError(url: string): VitError {
  const advice = 'there is probably no such file and the server answers with its start page instead';
  return new VitError('html', `Got an HTML page from ${url}: ${advice}; check the address.`);
}

function statusError(url: string, status: number): VitError {
  const reason =
    status === 401 || status === 403
      ? 'the file is private, gated, or does not exist; a private Hub repository needs the `token` option'
      : 'the server could not give the file; check the address or try again later';
  return new VitError('unreadable', `Got status ${status} from ${url}: ${reason}.`);
}
