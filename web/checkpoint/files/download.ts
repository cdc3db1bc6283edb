// One file over HTTP, read from its front to its end, whatever happens to the connection on the way.
import { isError, messageOf, pageError, StatusError, VitError } from '../../errors.js';
import type { UrlLocation } from './model-files.js';
import { streamOf, streamOfBytes, type ByteStream } from './stream.js';

/** How often a download is tried before it fails; every byte that arrives resets the count. */
const defaultTries = 3;

/** Milliseconds before the second try; four times as many before the next. */
const firstPause = 300;

/** Statuses after which another try may succeed. */
const passing: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/**
 * Downloads a file; undefined when there is none. A connection that breaks is taken up where it broke, with a Range
 * request; from a server that does not know those, the file is asked for again and what is there already is passed over.
 * Both only while the server shows the same version of the file. Aborting the signal, or cancelling the stream, ends it.
 */
export async function download(address: UrlLocation, signal: AbortSignal): Promise<ByteStream | undefined> {
  const file = new Download(address, signal);
  if (await file.open()) return file;
  await file.cancel();
  return undefined;
}

/** What tells one version of a file from another, as far as the server shows it. */
interface Version {
  readonly etag: string | null;
  readonly modified: string | null;
  readonly bytes: number | undefined;
}

class Download implements ByteStream {
  readonly #address: UrlLocation;
  readonly #stop = new AbortController();
  readonly #tries: number;
  /** Tries in a row that brought nothing new. */
  #failures = 0;
  /** Bytes handed on. */
  #received = 0;
  /** Bytes that arrive a second time and are to be skipped. */
  #surplus = 0;
  #status: number | undefined;
  /** That of the first answer. */
  #version: Version | undefined;
  /** Whether the server compresses on the way, so that offsets in what arrives say nothing about the file. */
  #encoded = false;
  #body: ByteStream | undefined;

  constructor(address: UrlLocation, signal: AbortSignal) {
    this.#address = address;
    if (signal.aborted) this.#stop.abort(signal.reason);
    // Removed when this download ends: a load may have many.
    signal.addEventListener('abort', () => this.#stop.abort(signal.reason), { signal: this.#stop.signal });
    this.#tries = address.tries ?? defaultTries;
  }

  /** Waits for the server's answer; false when there is no such file. */
  async open(): Promise<boolean> {
    for (;;) {
      try {
        return await this.#request();
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
  }

  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      try {
        if (!this.#body && !(await this.#request())) throw this.#changed();
        const piece = await this.#read();
        if (!piece) await this.cancel();
        if (piece?.length !== 0) return piece;
      } catch (error) {
        this.#body = undefined;
        await this.#pauseAfter(error);
      }
    }
  }

  cancel(reason?: unknown): Promise<void> {
    this.#stop.abort(reason);
    return Promise.resolve();
  }

  /** What is new in the next piece of the body. */
  async #read(): Promise<Uint8Array | undefined> {
    const received = await this.#body?.next();
    if (!received) {
      if (this.#surplus > 0) throw this.#changed();
      return undefined;
    }
    const known = Math.min(this.#surplus, received.length);
    const piece = received.subarray(known);
    this.#surplus -= known;
    this.#received += piece.length;
    if (piece.length > 0) this.#failures = 0;
    return piece;
  }

  /** Requests the rest of the file; false when there is no such file. */
  async #request(): Promise<boolean> {
    const { url, headers = {} } = this.#address;
    const from = this.#encoded ? 0 : this.#received;
    const range: Record<string, string> = from > 0 ? { Range: `bytes=${from}-` } : {};
    this.#status = undefined;
    const response = await fetch(url, { headers: { ...headers, ...range }, signal: this.#stop.signal });
    this.#status = response.status;
    const content = this.#judge(response, from);
    if (content === 'body') {
      this.#body = response.body ? streamOf(response.body) : streamOfBytes(new Uint8Array());
      return true;
    }
    // An unread body keeps its connection open.
    await response.body?.cancel();
    if (content instanceof Error) throw content;
    return content === 'end';
  }

  /** How an answer can be used; an error other than a VitError is worth another try. */
  #judge(response: Response, from: number): 'body' | 'end' | 'none' | Error {
    const { status } = response;
    const { url } = this.#address;
    if (status === 404 || status === 410) return 'none';
    // The connection ended after the last byte but before the end of the response.
    if (status === 416 && totalOf(response) === from) return 'end';
    if (passing.includes(status)) return new Error(`status ${status}`);
    if (status !== 200 && !(status === 206 && from > 0)) return this.#refused();
    if (isPage(response)) return pageError(url);
    const version = versionOf(response);
    if (this.#version && !isSame(this.#version, version)) return this.#changed();
    this.#surplus = status === 206 ? 0 : this.#received;
    this.#version ??= version;
    this.#encoded ||= isEncoded(response);
    return 'body';
  }

  /** Waits before the next try, if there is to be one. */
  async #pauseAfter(error: unknown): Promise<void> {
    this.#stop.signal.throwIfAborted();
    if (error instanceof VitError) throw error;
    this.#failures++;
    if (this.#failures >= this.#tries) throw this.#givenUp(error);
    await sleep(firstPause * 4 ** (this.#failures - 1), this.#stop.signal);
  }

  #givenUp(cause: unknown): VitError {
    const { url } = this.#address;
    const times = this.#failures === 1 ? 'once' : `${this.#failures} times in a row`;
    const tried = `tried ${times}, ${this.#received.toLocaleString('en')} bytes received`;
    if (this.#status === undefined) {
      const advice = 'check the address, the connection, and that the server lets this page read it (CORS)';
      return unreadable(`Could not fetch ${url} (${reasonOf(cause)}; ${tried}): ${advice}.`, cause);
    }
    if (passing.includes(this.#status)) {
      return unreadable(`Got status ${this.#status} from ${url} (${tried}): try again later.`, cause);
    }
    return unreadable(
      `Reading ${url} broke off after ${this.#received.toLocaleString('en')} bytes ` +
        `(${reasonOf(cause)}; status ${this.#status}, tried ${times}); try again.`,
      cause,
    );
  }

  #refused(): VitError {
    const status = this.#status ?? 0;
    const reason =
      status === 401 || status === 403
        ? 'the file is private, gated, or does not exist; a private Hub repository needs the `token` option'
        : 'the server could not give the file; check the address';
    return unreadable(`Got status ${status} from ${this.#address.url}: ${reason}.`, new StatusError(status));
  }

  #changed(): VitError {
    return unreadable(
      `${this.#address.url} changed on its server while it was being read (status ${this.#status}, after ` +
        `${this.#received.toLocaleString('en')} bytes); load it again.`,
    );
  }
}

function unreadable(message: string, cause?: unknown): VitError {
  return new VitError('unreadable', message, { cause });
}

function isPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
}

function isEncoded({ headers }: Response): boolean {
  return (headers.get('content-encoding') ?? 'identity') !== 'identity';
}

/** The total in a Content-Range: 100 for `bytes 7-99/100`. */
function totalOf({ headers }: Response): number | undefined {
  const total = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

function versionOf(response: Response): Version {
  const { headers, status } = response;
  const length = isEncoded(response) ? null : headers.get('content-length');
  return {
    etag: headers.get('etag'),
    modified: headers.get('last-modified'),
    bytes: status === 206 ? totalOf(response) : length === null ? undefined : Number(length),
  };
}

/** Whether two answers can be of the same version: headers that only one of them has are ignored. */
function isSame(a: Version, b: Version): boolean {
  const agree = (x: unknown, y: unknown) => (x ?? y) === (y ?? x);
  // A server that compresses may add a suffix to its tag.
  const tag = ({ etag }: Version) => etag?.replace(/^W\//, '').replace(/-(gzip|br|zstd)"$/, '"');
  return agree(tag(a), tag(b)) && agree(a.modified, b.modified) && agree(a.bytes, b.bytes);
}

/** What went wrong; Node's message is only "fetch failed", with the reason as its cause. */
function reasonOf(error: unknown): string {
  const cause = isError(error) ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', abort, { once: true });
  });
}
