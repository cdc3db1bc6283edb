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
