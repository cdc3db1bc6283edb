/** A part of a file, [begin, end) in bytes. */
export type Range = readonly [begin: number, end: number];

/** The bytes of a file, from its front to its end. */
export interface ByteStream {
  /**
   * The next piece, never empty; undefined at the end. It is only good until the next call: the same buffer may be filled
   * again, so that a file of any size takes no more memory than a piece of it.
   */
  next(): Promise<Uint8Array | undefined>;
  /**
   * Passes over the next bytes without reading them, where that saves something; false where they have to be read. What is
   * passed over may still be missing, which shows at the next read.
   */
  skip?(count: number): boolean;
  /** Whether it certainly does so for many bytes; may cost a request of one byte. */
  canSkip?(): Promise<boolean>;
  /** Which version of the file this is, as far as its server tells it from others. */
  readonly version?: string | undefined;
  /** Whether it is what `keepInstead` has kept of a file, and not that file. */
  readonly isShare?: boolean;
  /** Parts of a version of the file, wherever the reading is; undefined where they cannot be had without the rest. */
  parts?(parts: readonly Range[], version: string): Promise<Uint8Array[] | undefined>;
  /**
   * Of a file that is being put into a cache, where it can skip: in place of the whole file a file is kept that begins with
   * `header` and goes on with what the function is given. Undefined where nothing is kept.
   */
  keepInstead?(header: Uint8Array): ((piece: Uint8Array) => void) | undefined;
  /** Closes the file. A pending `next` rejects, or gives the end. */
  cancel(reason?: unknown): Promise<unknown>;
}

/** The most bytes in one read: many small reads take longer than their bytes. */
const bufferBytes = 1 << 20;

/**
 * The bytes of a stream. Those of a file on the network, in a cache or on disk are read into one buffer, no larger than
 * `bytes`: new memory for every piece waits for the garbage collector, in the end nearly as much as the file has bytes.
 */
export function streamOf(stream: ReadableStream<Uint8Array>, bytes = bufferBytes): ByteStream {
  const reader = byteReaderOf(stream);
  if (reader) return throughBuffer(reader, Math.min(bufferBytes, Math.max(1, bytes)));
  const chunks = stream.getReader();
  return {
    async next() {
      for (;;) {
        const { done, value } = await chunks.read();
        if (done || value.length > 0) return value;
      }
    },
    cancel: (reason) => chunks.cancel(reason),
  };
}

/** Undefined for a stream that cannot be read into a given buffer. */
function byteReaderOf(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
}

function throughBuffer(reader: ReadableStreamBYOBReader, bytes: number): ByteStream {
  let buffer = new ArrayBuffer(bytes);
  return {
    async next() {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done) return undefined;
      // Reading has transferred the memory to a new ArrayBuffer.
      buffer = value.buffer;
      return value;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

export function streamOfBytes(bytes: Uint8Array): ByteStream {
  let rest: Uint8Array | undefined = bytes.length > 0 ? bytes : undefined;
  return {
    next() {
      const piece = rest;
      rest = undefined;
      return Promise.resolve(piece);
    },
    cancel: () => Promise.resolve((rest = undefined)),
  };
}
