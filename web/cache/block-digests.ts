// Whether cached bytes are those that were written. The browser hashes outside of this thread, but only what it is
// given whole, so a file is hashed block by block while it passes.
import { VitError } from '../errors.js';
import { watched, type ByteStream } from '../checkpoint/files/stream.js';

/** Bytes of a block: large enough that its digest costs nothing beside it. */
const blockBytes = 1 << 20;

/** How many blocks are hashed at a time: each is a copy of its bytes. */
const mostAtOnce = 4;

/** The SHA-256 of every block of a file, one after another. */
export class BlockDigests {
  #block: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  readonly #digests: Promise<ArrayBuffer>[] = [];

  /** Takes the next piece, which may change once this has resolved. */
  async update(piece: Uint8Array): Promise<void> {
    for (let from = 0; from < piece.length;) {
      const part = piece.subarray(from, from + blockBytes - this.#filled);
      from += part.length;
      if (part.length === blockBytes) {
        await this.#hash(part);
        continue;
      }
      this.#block ??= new Uint8Array(blockBytes);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      if (this.#filled === blockBytes) await this.#hashRest();
    }
  }

  /** No more pieces: all digests. */
  async end(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#filled > 0) await this.#hashRest();
    const digests = await Promise.all(this.#digests);
    return new Uint8Array(await new Blob(digests).arrayBuffer());
  }

  async #hashRest(): Promise<void> {
    const rest = (this.#block as Uint8Array).subarray(0, this.#filled);
    this.#filled = 0;
    await this.#hash(rest);
  }

  /** The bytes are copied before this waits for anything. */
  async #hash(bytes: Uint8Array): Promise<void> {
    this.#digests.push(crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
    await this.#digests.at(-mostAtOnce);
  }
}

/** The same stream, which fails at its end when its digests are not those that were written with it. */
export function checked(stream: ByteStream, written: Uint8Array, url: string): ByteStream {
  const digests = new BlockDigests();
  const check = async () => {
    if (isSame(await digests.end(), written)) return;
    throw new VitError('integrity', `The cached copy of ${url} is damaged; load the model again.`);
  };
  return watched(stream, (piece) => digests.update(piece), check);
}

function isSame(some: Uint8Array, others: Uint8Array): boolean {
  return some.length === others.length && some.every((byte, at) => byte === others[at]);
}
