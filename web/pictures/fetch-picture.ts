import { messageOf, VitError } from '../errors.js';

/** Downloads a picture; an address is relative to the page. */
export async function fetchPicture(address: string | URL, signal: AbortSignal | undefined): Promise<Blob> {
  const response = await fetch(address, { signal: signal ?? null }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new VitError(
      'unreadable',
      `Could not fetch the picture ${address} (${messageOf(error)}): check the address, the connection, and that the ` +
        'server lets this page read it (CORS).',
      { cause: error },
    );
  });
  const type = response.headers.get('content-type') ?? '';
  if (response.ok && !/^text\/html\b/i.test(type)) return await response.blob();
  await response.body?.cancel();
  throw response.ok
    ? new VitError('html', `Got ${type} from ${address}: the server answered with a page, not a picture.`)
    : new VitError(
        response.status === 404 ? 'not-found' : 'unreadable',
        `Got status ${response.status} from ${address}, instead of a picture; check the address.`,
      );
}
