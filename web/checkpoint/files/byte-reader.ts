import { isVitError, messageOf, VitError } from '../../errors.js';
import { limited } from '../../patience.js';
import { giveWay } from './give-way.js';
import { limits } from './limits.js';
import type { ByteStream } from './stream.js';

/** Reads a stream by counts of bytes, whatever the size of its chunks. Aborting the signal cancels the stream. */
export class ByteReader {
  readonly #stream: ByteStream;
  readonly #signal: AbortSignal;
  readonly #largest: number;
  readonly #abort = () => void this.cancel();
  /** What has been pulled from the stream. */
  #pulled = 0;
  #rest: Uint8Array = new Uint8Array();
  #ended = false;

  /** What messages call the file. */
  readonly name: string;
  /** Bytes given out so far. */
  position = 0;

  /** More than `largest` bytes are refused. */
  constructor(stream: ByteStream, name: string, signal: AbortSignal, largest = Infinity) {
    this.#stream = stream;
    this.#signal = signal;
    this.#largest = largest;
    this.name = name;
    if (signal.aborted) void this.cancel();
    else signal.addEventListener('abort', this.#abort);
  }

  /** The next `count` bytes, fewer only when the file ends; they will be given again. */
  async peek(count: number): Promise<Uint8Array> {
    const bytes = await this.read(count);
    const rest = new Uint8Array(bytes.length + this.#rest.length);
    rest.set(bytes);
    rest.set(this.#rest, bytes.length);
    this.#rest = rest;
    this.position -= bytes.length;
    return bytes;
  }

  /**
   * The next bytes, at least one and at most `limit`; undefined at the end of the file. Not copied: they are only good
   * until more is read.
   */
  async next(limit = Infinity): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const chunk = await this.#pull();
      this.#rest = chunk ?? new Uint8Array();
      if (!chunk) return undefined;
    }
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    this.position += piece.length;
    return piece;
  }

  /** The next `count` bytes in one array; fewer only when the file ends. */
  async read(count: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    while (length < count) {
      const piece = await this.next(count - length);
      if (!piece) break;
      pieces.push(piece.slice());
      length += piece.length;
    }
    if (pieces.length === 1) return pieces[0];
    // Allocated only now: a damaged file may ask for far more than it has.
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /**
   * Gives the next `count` bytes to `take` piece by piece, none of them to be kept; false when the file ends before.
   */
  async pour(count: number, take: (piece: Uint8Array) => void): Promise<boolean> {
    for (let remaining = count; remaining > 0;) {
      await giveWay();
      this.#signal.throwIfAborted();
      const piece = await this.next(remaining);
      if (!piece) return false;
      take(piece);
      remaining -= piece.length;
    }
    return true;
  }

  /**
   * Passes over the next bytes, without transferring them where the file can; false when it ends before. `until`: see
   * ByteStream.
   */
  async skip(count: number, onPiece: () => void = () => undefined, until?: number): Promise<boolean> {
    const buffered = Math.min(count, this.#rest.length);
    this.#rest = this.#rest.subarray(buffered);
    this.position += buffered;
    const remaining = count - buffered;
    if (this.#stream.skip?.(remaining, until)) {
      this.position += remaining;
      this.#pulled += remaining;
      return true;
    }
    return await this.pour(remaining, onPiece);
  }

  /** As of its stream. */
  get version(): string | undefined {
    return this.#stream.version;
  }

  /** As of its stream. */
  get isShare(): boolean {
    return this.#stream.isShare ?? false;
  }

  /** Parts of the file, wherever the reading is; undefined where they cannot be had without the rest. */
  get parts(): ByteStream['parts'] {
    return this.#stream.parts?.bind(this.#stream);
  }

  /** Whether it certainly skips many bytes without transferring them. */
  async canSkip(): Promise<boolean> {
    return (await this.#stream.canSkip?.()) ?? false;
  }

  /** See ByteStream. */
  keepInstead(header: Uint8Array): ((piece: Uint8Array) => void) | undefined {
    return this.#stream.keepInstead?.(header);
  }

  /** Closes the file. */
  async cancel(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#abort);
    // A stream that has already failed rejects again here; the error has been reported.
    await this.#stream.cancel(this.#signal.reason).catch(() => undefined);
  }

  async #pull(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    // Node may leave a read pending forever after an abort: https://github.com/nodejs/node/issues/56917.
    const piece = await limited(this.#stream.next(), { signal: this.#signal }).catch((error: unknown) => {
      this.#signal.throwIfAborted();
      throw isVitError(error) ? error : this.#brokenOff(error);
    });
    // Cancelling looks like the end of the file.
    this.#signal.throwIfAborted();
    if (!piece) {
      this.#ended = true;
      this.#signal.removeEventListener('abort', this.#abort);
      return undefined;
    }
    this.#pulled += piece.length;
    if (this.#pulled > this.#largest) throw tooLarge(this.name, undefined, this.#largest);
    return piece;
  }

  #brokenOff(cause: unknown): VitError {
    return new VitError(
      'unreadable',
      `Reading ${this.name} broke off after ${this.position.toLocaleString('en')} bytes ` +
        `(${messageOf(cause)}); try again.`,
      { cause },
    );
  }
}

/** The error for a file of more bytes than are allowed. */
export function tooLarge(name: string, bytes: number | undefined, largest: number): VitError {
  // What JSON files may have is no option.
  const advice =
    largest === limits.jsonBytes || largest === limits.tokenizerBytes
      ? 'no model needs more'
      : 'pass `maxBytes` to allow more';
  const size = bytes === undefined ? `more than ${largest.toLocaleString('en')}` : bytes.toLocaleString('en');
  return new VitError(
    'too-large',
    `${name} has ${size} bytes; at most ${largest.toLocaleString('en')} are allowed: ${advice}.`,
  );
}
