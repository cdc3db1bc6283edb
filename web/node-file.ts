import { open, type FileHandle } from 'node:fs/promises';
import type { ByteStream } from './checkpoint/source.js';
import { messageOf, VitError } from './errors.js';

const chunkBytes = 1 << 18;

/** A stream of the file at `path`; undefined when there is none. */
export async function openPath(path: string): Promise<ByteStream | undefined> {
  try {
    const handle = await open(path);
    if ((await handle.stat()).isFile()) return streamOf(handle);
    await handle.close();
    return undefined;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new VitError('unreadable', `${path} could not be read (${messageOf(error)}).`, { cause: error });
  }
}

// Written out because Node's own adapter, `Readable.toWeb`, can throw where nobody catches when it is cancelled.
function streamOf(handle: FileHandle): ByteStream {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { buffer, bytesRead } = await handle.read(new Uint8Array(chunkBytes), 0, chunkBytes);
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      await handle.close();
    },
    cancel: () => handle.close(),
  });
}
