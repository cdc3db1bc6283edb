/** A part of a file, [begin, end) in bytes. */
export type Range = readonly [begin: number, end: number];

/** The bytes of a file, from beginning to end. */
export interface ByteStream {
  /**
   * The next piece, never empty; undefined at the end. Valid only until the next call: the same buffer may be filled
   * again, so that a file of any size takes no more memory than a piece of it.
   */
  next(): Promise<Uint8Array | undefined>;
  /**
   * Skips the next bytes without reading them, where that saves time; false where they have to be read. Whether the
   * skipped bytes exist shows only at the next read. `until` is where the bytes that are read next will end,
   * counted from the start of the file: those after them need not be sent.
   */
  skip?(count: number, until?: number): boolean;
  /** Whether `skip` is certain to work for many bytes; may cost a request of one byte. */
  canSkip?(): Promise<boolean>;
  /** The version of the file, as far as its server tells versions apart. */
  readonly version?: string | undefined;
  /** Whether this is the share of a file that `keepInstead` cached, not the file itself. */
  readonly isShare?: boolean;
  /**
   * Reads parts of a version of the file, regardless of position; undefined where they cannot be had without the rest.
   */
  parts?(parts: readonly Range[], version: string): Promise<Uint8Array[] | undefined>;
  /**
   * For a file that is being cached, where it can skip: instead of the whole file, the cache gets a file that consists
   * of `header` and what is passed to the returned function. Undefined where nothing is cached.
   */
  keepInstead?(header: Uint8Array): ((piece: Uint8Array) => void) | undefined;
  /** Closes the file. A pending `next` rejects or resolves to the end. */
  cancel(reason?: unknown): Promise<unknown>;
}

/**
 * The same stream; `see` is given every piece, and `end` is called at the end. What they throw, `next` rejects with.
 */
export function watched(
  stream: ByteStream,
  see: (piece: Uint8Array) => unknown,
  end: () => unknown,
): ByteStream {
  return {
    async next() {
      const piece = await stream.next();
      await (piece ? see(piece) : end());
      return piece;
    },
    cancel: (reason) => stream.cancel(reason),
  };
}

/** Fewer bytes than this are read rather than skipped: another request takes as long. */
export const leastSkip = 1 << 19;

/** Bytes per read: many small reads take longer than the bytes themselves. */
const bufferBytes = 1 << 20;

/**
 * The bytes of a stream. Those of a file on the network, in a cache or on disk are read into one buffer, no larger than
 * `bytes`: new memory for every piece would wait for the garbage collector, nearly as much as the file in the end.
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
