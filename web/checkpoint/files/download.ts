// One file over HTTP, read from beginning to end, whatever happens to the connection on the way.
import { pageError, VitError } from '../../errors.js';
import { defaultStallTimeout, limited, sleep } from '../../patience.js';
import { crc32 } from './crc32.js';
import { Busy, changedMeanwhile, givenUp, refused } from './download-errors.js';
import {
  differs,
  isEncoded,
  isPage,
  isSame,
  lengthBesideRange,
  passing,
  rangeOf,
  textOf,
  validatorOf,
  versionOf,
  type Version,
} from './http-answer.js';
import type { UrlLocation } from './model-files.js';
import { isOwnOrigin } from './own-origin.js';
import { downloadParts, pastCache } from './download-parts.js';
import { leastSkip, streamOf, streamOfBytes, type ByteStream, type Range } from './stream.js';

/** How often a download is tried without a new byte before it fails. */
const defaultTries = 3;

/** How often a download may be resumed in all: this often, and once more for every `bytesPerResume` received. */
const freeResumes = 8;
const bytesPerResume = 1 << 20;

/** Milliseconds before the second try; four times as many before the next. */
const firstPause = 300;

/**
 * Downloads a file; undefined when there is none. Aborting the signal, or cancelling the stream, ends it at once.
 *
 * A connection that breaks, or brings nothing for `stallTimeout`, is resumed with a Range request, which names the
 * version of the file (`If-Range`) and has to be answered with the part that was asked for. Where that is impossible (the
 * server names no version, or does not support ranges), the whole file is requested again, and the bytes that were
 * passed on already are skipped if they are known to be the same: by the version, or else by a checksum.
 *
 * With `firstBytes`, and whenever it is known where the bytes to be read end, no others are requested: by the time a
 * connection is closed, it has brought more than was read from it, on a fast network several megabytes.
 */
export async function download(address: UrlLocation, signal: AbortSignal): Promise<ByteStream | undefined> {
  const file = new Download(address, signal);
  if (await file.open()) return file;
  await file.cancel();
  return undefined;
}

class Download implements ByteStream {
  readonly #address: UrlLocation;
  /** The caller's, which also ends requests for parts after the file's end. */
  readonly #signal: AbortSignal;
  readonly #stop = new AbortController();
  /** Ends the connection of the latest request. */
  #connection = new AbortController();
  readonly #tries: number;
  readonly #stallTimeout: number;
  /** Tries in a row that brought nothing new. */
  #failures = 0;
  #resumes = 0;
  /** Bytes passed on. */
  #received = 0;
  /** Their checksum, kept only where nothing else could show that later bytes are of the same version. */
  #checksum: number | undefined;
  /** Where the requested bytes end; undefined for the end of the file. */
  #end: number | undefined;
  /** Where those of the next request will end. */
  #until: number | undefined;
  /** The length of the file, once an answer with a part of it has given it. */
  #total: number | undefined;
  /** Bytes still to be skipped because they arrive a second time, and the checksum of those skipped so far. */
  #surplus = 0;
  #repeated: number | undefined;
  #status: number | undefined;
  /** Where the latest answer came from, after any redirects. */
  #answeredBy: string | undefined;
  /** The version that the first answer named. */
  #version: Version | undefined;
  #encoded = false;
  /** Whether the server may support ranges: it has not yet failed to send a part. */
  #givesRanges = true;
  #body: ByteStream | undefined;
  #probe: Promise<boolean> | undefined;

  constructor(address: UrlLocation, signal: AbortSignal) {
    this.#address = address;
    this.#signal = signal;
    if (signal.aborted) this.#stop.abort(signal.reason);
    // Removed when this download ends: a load may have many.
    signal.addEventListener('abort', () => this.#stop.abort(signal.reason), { signal: this.#stop.signal });
    this.#stop.signal.addEventListener('abort', () => this.#connection.abort());
    this.#tries = address.tries ?? defaultTries;
    this.#stallTimeout = address.stallTimeout ?? defaultStallTimeout;
    this.#end = address.firstBytes;
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
        if (!this.#body && this.#received !== this.#total && !(await this.#request())) throw this.#changed();
        const piece = await this.#read();
        if (!piece) await this.cancel();
        if (piece?.length !== 0) return piece;
      } catch (error) {
        this.#body = undefined;
        await this.#pauseAfter(error);
      }
    }
  }

  /**
   * Ends the connection, so that the next read requests what follows. Only where the server has named the version of the
   * file, because skipped bytes have no checksum.
   */
  skip(count: number, until?: number): boolean {
    this.#until = until;
    if (count < leastSkip || !this.#mayResume || this.#received === 0) return false;
    this.#connection.abort();
    this.#body = undefined;
    this.#received += count;
    this.#end = this.#laterEnd();
    return true;
  }

  #laterEnd(): number | undefined {
    return this.#until !== undefined && this.#until > this.#received ? this.#until : undefined;
  }

  /** Whether a request for the rest may succeed. */
  get #mayResume(): boolean {
    return this.#givesRanges && !this.#encoded && this.#surplus === 0 && this.version !== undefined;
  }

  /** Found out by trying: many servers leave out `Accept-Ranges`, and others do not let pages read it. */
  canSkip(): Promise<boolean> {
    return (this.#probe ??= this.#total === undefined ? this.#tryPart() : Promise.resolve(this.#mayResume));
  }

  async #tryPart(): Promise<boolean> {
    const { version } = this;
    if (!this.#mayResume || version === undefined) return false;
    const found = await downloadParts(this.#address, [[0, 1]], version, this.#signal);
    this.#givesRanges = found !== undefined;
    return this.#givesRanges;
  }

  get version(): string | undefined {
    return this.#version && textOf(this.#version);
  }

  async parts(parts: readonly Range[], version: string): Promise<Uint8Array[] | undefined> {
    return (await this.canSkip())
      ? await downloadParts(this.#address, parts, version, this.#signal)
      : undefined;
  }

  cancel(reason?: unknown): Promise<void> {
    this.#stop.abort(reason);
    return Promise.resolve();
  }

  /**
   * Nothing is awaited without this, because Node's `fetch` may leave a read pending forever after an abort:
   * https://github.com/nodejs/node/issues/56917.
   */
  #wait<T>(work: Promise<T>): Promise<T> {
    return limited(work, { signal: this.#stop.signal, timeout: this.#stallTimeout });
  }

  /** What is new in the next piece of the body; undefined at its end. */
  async #read(): Promise<Uint8Array | undefined> {
    const bytes = this.#body && (await this.#wait(this.#body.next()));
    if (!bytes) {
      if (this.#surplus > 0) throw this.#changed();
      const length = this.#lengthForSure();
      if (this.#received < Math.min(this.#end ?? Infinity, length ?? this.#end ?? 0)) {
        throw new Error('it ended early');
      }
      if (this.#end === undefined || this.#received === length) return undefined;
      // The part has ended, not the file.
      this.#body = undefined;
      this.#end = this.#laterEnd();
      return new Uint8Array();
    }
    const known = Math.min(this.#surplus, bytes.length);
    if (known > 0) this.#skip(bytes.subarray(0, known));
    const piece = bytes.subarray(known);
    if (piece.length > 0) {
      if (this.#checksum !== undefined) this.#checksum = crc32(piece, this.#checksum);
      this.#received += piece.length;
      this.#failures = 0;
    }
    return piece;
  }

  /** The length of what arrives, where it is certain: a server of another origin may compress without a page's knowing. */
  #lengthForSure(): number | undefined {
    if (this.#total !== undefined) return this.#total;
    return this.#encoded || !this.#isOwnOrigin() ? undefined : this.#version?.bytes;
  }

  /** Skips bytes that were passed on before, if they are the same. */
  #skip(bytes: Uint8Array): void {
    this.#surplus -= bytes.length;
    if (this.#repeated === undefined) return;
    this.#repeated = crc32(bytes, this.#repeated);
    if (this.#surplus === 0 && this.#repeated !== this.#checksum) throw this.#changed();
  }

  /** Requests the rest of the file; false when there is no such file. */
  async #request(): Promise<boolean> {
    const { url, headers } = this.#address;
    // The connection broke between the part's last byte and the sign that it was the last.
    if (this.#end !== undefined && this.#received >= this.#end) this.#end = this.#laterEnd();
    const range = this.#rangeHeaders();
    const from = range && this.#received;
    if (!range) this.#end = undefined;
    this.#stop.signal.throwIfAborted();
    this.#status = undefined;
    this.#connection.abort();
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    const request = { headers: { ...headers, ...range }, signal, ...(range && pastCache) };
    const response = await this.#wait(fetch(url, request));
    this.#status = response.status;
    this.#answeredBy = response.url;
    const verdict = this.#judge(response, from);
    if (verdict === 'body') {
      this.#body = response.body ? streamOf(response.body) : streamOfBytes(new Uint8Array());
      return true;
    }
    // An unread body keeps its connection open.
    this.#connection.abort();
    if (verdict instanceof Error) throw verdict;
    if (verdict === 'no range') {
      this.#givesRanges = false;
      return await this.#request();
    }
    return verdict === 'end';
  }

  /** The headers that ask for the rest of the same version; undefined when the whole file has to be requested again. */
  #rangeHeaders(): Record<string, string> | undefined {
    if (this.#encoded || !this.#givesRanges) return undefined;
    const range = { Range: `bytes=${this.#received}-${this.#end === undefined ? '' : this.#end - 1}` };
    if (this.#received === 0) return this.#end === undefined ? undefined : range;
    const validator = this.#version && validatorOf(this.#version);
    if (validator === undefined) return undefined;
    // A page may send `If-Range` to another origin only where that server allows it; the answer's version has to do there.
    return this.#isOwnOrigin() ? { ...range, 'If-Range': validator } : range;
  }

  /** Whether requests are same-origin, so that every header may be sent and read. */
  #isOwnOrigin(): boolean {
    const { url } = this.#address;
    return [url, this.#answeredBy || url].every(isOwnOrigin);
  }

  /**
   * What to do with an answer, to a request for the bytes after `from` or for the file. An error other than a VitError is
   * worth another try.
   */
  #judge(response: Response, from: number | undefined): 'body' | 'end' | 'none' | 'no range' | Error {
    const { status } = response;
    if (status === 404 || status === 410) return 'none';
    if (status === 416 && from !== undefined) {
      // The connection broke between the last byte and the sign that it was the last.
      return from > 0 && lengthBesideRange(response) === from ? 'end' : 'no range';
    }
    if (passing.includes(status)) return new Busy(response);
    if (status === 206 && from !== undefined) {
      if (rangeOf(response)?.start !== from) return 'no range';
    } else if (status !== 200) return from === 0 ? 'no range' : refused(this.#address.url, status);
    if (isPage(response)) return pageError(this.#address.url);
    const version = versionOf(response);
    // Before the first byte, any version will do.
    if (this.#received === 0) this.#version = version;
    const first = this.#version ?? version;
    if (differs(first, version)) return this.#changed();
    const same = isSame(first, version);
    if (status === 206) {
      this.#surplus = 0;
      if (!same || isEncoded(response)) return 'no range';
      this.#total = version.bytes;
      return 'body';
    }
    // The server has ignored the range.
    if (from !== undefined) this.#givesRanges = false;
    this.#end = undefined;
    if (this.#received === 0) this.#checksum = same ? undefined : 0;
    else if (!same && this.#checksum === undefined) return this.#changed();
    this.#surplus = this.#received;
    this.#repeated = same ? undefined : 0;
    this.#encoded ||= isEncoded(response);
    return 'body';
  }

  /** Waits before the next try; throws when there is none left. */
  async #pauseAfter(error: unknown): Promise<void> {
    this.#connection.abort();
    this.#stop.signal.throwIfAborted();
    if (error instanceof VitError) throw error;
    // A browser may have to ask a server of another origin first, and that one may not answer.
    if (this.#received === 0) this.#end = undefined;
    this.#failures++;
    this.#resumes++;
    const tooMany = this.#resumes > freeResumes + this.#received / bytesPerResume;
    if (this.#failures >= this.#tries || tooMany) throw this.#failed(error);
    const wait = error instanceof Busy ? error.wait : 0;
    if (wait > this.#stallTimeout) throw this.#failed(error);
    await sleep(Math.max(wait, firstPause * 4 ** (this.#failures - 1)), this.#stop.signal);
  }

  #failed(cause: unknown): VitError {
    return givenUp(cause, {
      url: this.#address.url,
      status: this.#status,
      received: this.#received,
      failures: this.#failures,
      resumes: this.#resumes,
    });
  }

  #changed(): VitError {
    return changedMeanwhile(this.#address.url, this.#status, this.#received);
  }
}
