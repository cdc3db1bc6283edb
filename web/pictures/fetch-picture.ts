import { messageOf, VitError } from '../errors.js';
import { defaultStallTimeout, limited, type Limits } from '../patience.js';

/** Downloads a picture; an address is relative to the page. Gives up when the server stops sending. */
export async function fetchPicture(
  address: string | URL,
  signal: AbortSignal | undefined,
  timeout = defaultStallTimeout,
): Promise<Blob> {
  const connection = new AbortController();
  try {
    const limits = { signal, timeout };
    const response = await limited(fetch(address, { signal: connection.signal }), limits);
    const type = response.headers.get('content-type') ?? '';
    const refusal = refusalOf(response, type, address);
    if (refusal) throw refusal;
    return new Blob(response.body ? await piecesOf(response.body, limits) : [], { type });
  } catch (error) {
    connection.abort();
    signal?.throwIfAborted();
    throw error instanceof VitError ? error : unreachable(address, error);
  }
}

async function piecesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>, limits: Limits) {
  const reader = body.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const { done, value } = await limited(reader.read(), limits);
    if (done) return pieces;
    pieces.push(value);
  }
}

function refusalOf(response: Response, type: string, address: string | URL): VitError | undefined {
  const { ok, status } = response;
  if (!ok) {
    return new VitError(
      status === 404 ? 'not-found' : 'unreadable',
      `Got status ${status} from ${address}, instead of a picture; check the address.`,
    );
  }
  if (!/^text\/html\b/i.test(type)) return undefined;
  return new VitError('html', `Got ${type} from ${address}: the server answered with a page, not a picture.`);
}

function unreachable(address: string | URL, cause: unknown): VitError {
  return new VitError(
    'unreadable',
    `Could not fetch the picture ${address} (${messageOf(cause)}): check the address, the connection, and that the ` +
      'server lets this page read it (CORS).',
    { cause },
  );
}
