// SHA-256 (FIPS 180-4) of bytes that come in pieces, which the browsers' own crypto.subtle.digest cannot do.

/** The first 32 bits of the fractional part of a number. */
const fraction = (value: number) => ((value % 1) * 2 ** 32) | 0;

const primes: number[] = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
const initialState = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const roundConstants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

const blockBytes = 64;

/** A digest as text: two lower-case hexadecimal digits a byte. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A digest in progress. Cost: some 7 ns a byte. */
export class Sha256 {
  readonly #state = Int32Array.from(initialState);
  readonly #schedule = new Int32Array(64);
  /** The beginning of a block whose rest is still to come. */
  readonly #rest = new Uint8Array(blockBytes);
  #bytes = 0;

  /** Takes the next bytes. */
  update(bytes: Uint8Array): void {
    let from = 0;
    const held = this.#bytes % blockBytes;
    this.#bytes += bytes.length;
    if (held > 0) {
      from = Math.min(blockBytes - held, bytes.length);
      this.#rest.set(bytes.subarray(0, from), held);
      if (held + from < blockBytes) return;
      this.#compress(this.#rest, 0);
    }
    for (; from + blockBytes <= bytes.length; from += blockBytes) this.#compress(bytes, from);
    this.#rest.set(bytes.subarray(from));
  }

  /** The 32 bytes of the digest. No more bytes may be added afterwards. */
  digest(): Uint8Array {
    const bytes = this.#bytes;
    // A one, zeros, and the length in bits fill up the last block.
    const padding = new Uint8Array(blockBytes - ((bytes + 8) % blockBytes) + 8);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, BigInt(bytes) * 8n);
    this.update(padding);
    const digest = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, index) => digest.setInt32(4 * index, word));
    return new Uint8Array(digest.buffer);
  }

  /** Takes the block at `from`. The names are the standard's. */
  #compress(bytes: Uint8Array, from: number): void {
    const w = this.#schedule;
    const state = this.#state;
    for (let t = 0, i = from; t < 16; t++, i += 4) {
      w[t] = (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3];
    }
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15];
      const y = w[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t] + w[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}
