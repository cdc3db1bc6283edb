// Tells the weights of one model from those of another, by bytes that are read anyway.
import { hexOf, Sha256 } from './files/sha256.js';
import type { StoredTensor } from './tensors.js';

/** Bytes of each tensor that are hashed; enough, because training, merging and rounding change every part of it. */
const countedBytes = 1024;

/** A hash of the name, type, shape and first KiB of every tensor, in whatever order they come. */
export class WeightsHash {
  readonly #tensors = new Map<string, { readonly head: Uint8Array; filled: number }>();

  /** Takes the next bytes of a tensor. */
  take({ name, dtype, shape, bytes }: StoredTensor, piece: Uint8Array): void {
    const key = JSON.stringify([name, dtype, shape]);
    const known = this.#tensors.get(key) ?? {
      head: new Uint8Array(Math.min(bytes, countedBytes)),
      filled: 0,
    };
    this.#tensors.set(key, known);
    const part = piece.subarray(0, known.head.length - known.filled);
    known.head.set(part, known.filled);
    known.filled += part.length;
  }

  /** 64 hexadecimal digits. */
  digest(): string {
    const hash = new Sha256();
    const encoder = new TextEncoder();
    for (const [key, { head }] of [...this.#tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(encoder.encode(key));
      hash.update(head);
    }
    return hexOf(hash.digest());
  }
}
