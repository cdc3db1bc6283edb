// Parts of a file over HTTP, without the rest of it.
import { messageOf, VitError } from '../../errors.js';
import { defaultStallTimeout, limited, sleep } from '../../patience.js';
import { differs, isSame, passing, rangeOf, versionFrom, versionOf } from './http-answer.js';
import type { UrlLocation } from './model-files.js';
import type { Range } from './stream.js';

/** The most bytes between two parts that share a request: fetching them takes no longer than another request. */
const leastGap = 1 << 14;

/** Concurrent requests: as many as browsers allow for one server under HTTP/1.1. */
const mostAtOnce = 6;

/** How often a part is tried, and the milliseconds before the second try; four times as many before the next. */
const defaultTries = 3;
const firstPause = 300;

/**
 * Chromium lets a request for a part of a file that it may keep wait up to 20 seconds for one for the whole of it, which
 * is still open here.
 */
export const pastCache: RequestInit = { cache: 'no-store' };

/**
 * The bytes of each part [begin, end) of that version of a file; undefined where the server does not send parts. Parts
 * close to each other share a request, and requests are concurrent.
 */
export async function downloadParts(
  address: UrlLocation,
  parts: readonly Range[],
  version: string,
  signal: AbortSignal,
): Promise<Uint8Array[] | undefined> {
  const requests = coalesced(parts);
  const stop = new AbortController();
  const abort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  const fetched = new Map<Range, Uint8Array>();
  const waiting = [...requests];
  const work = async () => {
    for (let next; (next = waiting.shift());) {
      const bytes = await fetchPart(address, next, version, stop.signal);
      if (!bytes) return false;
      fetched.set(next, bytes);
    }
    return true;
  };
  try {
    const outcomes = await Promise.all(Array.from({ length: mostAtOnce }, work));
    if (!outcomes.every(Boolean)) return undefined;
  } finally {
    // After a failure, the other requests are of no use.
    stop.abort();
    signal.removeEventListener('abort', abort);
  }
  return parts.map(([begin, end]) => {
    const request = requests.find(([first, last]) => first <= begin && end <= last) as Range;
    return (fetched.get(request) as Uint8Array).subarray(begin - request[0], end - request[0]);
  });
}

function coalesced(parts: readonly Range[]): Range[] {
  const requests: [number, number][] = [];
  for (const [begin, end] of [...parts].sort(([a], [b]) => a - b)) {
    const last = requests.at(-1);
    if (last && begin - last[1] <= leastGap) last[1] = Math.max(last[1], end);
    else requests.push([begin, end]);
  }
  return requests;
}

/** One part; undefined where the server sends something else. */
async function fetchPart(
  { url, headers, tries = defaultTries, stallTimeout = defaultStallTimeout }: UrlLocation,
  [begin, end]: Range,
  version: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const limits = { signal, timeout: stallTimeout };
  for (let failures = 0; ; failures++) {
    try {
      if (failures > 0) await sleep(firstPause * 4 ** (failures - 1), signal);
      const range = { Range: `bytes=${begin}-${end - 1}` };
      const request = { headers: { ...headers, ...range }, signal, ...pastCache };
      const response = await limited(fetch(url, request), limits);
      if (passing.includes(response.status)) throw new Error(`status ${response.status}`);
      if (response.status !== 206 || rangeOf(response)?.start !== begin) {
        // An unread body keeps its connection open.
        await response.body?.cancel();
        return undefined;
      }
      const expected = versionFrom(version);
      const found = versionOf(response);
      if (differs(expected, found)) throw changed(url);
      if (!isSame(expected, found)) return undefined;
      const bytes = new Uint8Array(await limited(response.arrayBuffer(), limits));
      if (bytes.length !== end - begin) throw new Error('it ended early');
      return bytes;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof VitError) throw error;
      if (failures + 1 < tries) continue;
      const message = `Could not fetch a part of ${url} (${messageOf(error)}); check the connection and try again.`;
      throw new VitError('unreadable', message, { cause: error });
    }
  }
}

/** The error for a file that has changed. */
export function changed(url: string): VitError {
  return new VitError(
    'unreadable',
    `${url} has changed on its server since a part of it was loaded or cached; call clearCache(), and load it again.`,
  );
}
