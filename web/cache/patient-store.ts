// A store that may never answer, such as the caller's own cache.
import type { ByteStream } from '../checkpoint/files/stream.js';
import { defaultStallTimeout, limited, type Limits } from '../patience.js';
import type { FileStore, FileWriter } from './file-store.js';

/**
 * The same store, whose every step ends within the time, and each that reads also when the signal aborts. After an
 * abort, what was written is still removed.
 */
export async function patientStore(
  opening: Promise<FileStore>,
  { signal, timeout = defaultStallTimeout }: Limits,
): Promise<FileStore> {
  const reading = { signal, timeout };
  const writing = { timeout };
  const store = await limited(opening, reading);
  return {
    async read(key) {
      const opening = store.read(key);
      try {
        const stream = await limited(opening, reading);
        return stream && patientStream(stream, reading);
      } catch (error) {
        // It may open after the timeout: close it then.
        opening.then((stream) => stream?.cancel()).catch(() => undefined);
        throw error;
      }
    },
    remove: (key) => limited(store.remove(key), writing),
    async write(key) {
      const starting = store.write(key);
      try {
        return patientWriter(await limited(starting, writing), writing);
      } catch (error) {
        // It may start after the timeout: abandon it then.
        starting.then((writer) => writer.abandon()).catch(() => undefined);
        throw error;
      }
    },
  };
}

function patientStream(stream: ByteStream, limits: Limits): ByteStream {
  return {
    next: () => limited(stream.next(), limits),
    cancel: (reason) => limited(stream.cancel(reason), { timeout: limits.timeout }),
  };
}

function patientWriter(writer: FileWriter, limits: Limits): FileWriter {
  return {
    write: (piece) => limited(writer.write(piece), limits),
    finish: () => limited(writer.finish(), limits),
    abandon: () => limited(writer.abandon(), limits),
  };
}
