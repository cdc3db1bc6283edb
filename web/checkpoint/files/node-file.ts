import { constants, open, type FileHandle } from 'node:fs/promises';
import type { ByteStream } from './stream.js';
import { messageOf, VitError } from '../../errors.js';

const chunkBytes = 1 << 18;

/** A stream of the file at `path`; undefined when there is none. */
export async function openPath(path: string): Promise<ByteStream | undefined> {
  try {
    // A plain open of a pipe without a writer would wait forever.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if ((await handle.stat()).isFile()) return streamOf(handle);
    await handle.close();
    throw new VitError('unreadable', `${path} is not a file; a model is a folder of plain files.`);
  } catch (error) {
    if (error instanceof VitError) throw error;
    const { code } = error as { code?: string };
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new VitError('unreadable', `${path} could not be read (${messageOf(error)}).`, { cause: error });
  }
}

function streamOf(handle: FileHandle): ByteStream {
  const buffer = new Uint8Array(chunkBytes);
  return {
    async next() {
      try {
        const { bytesRead } = await handle.read(buffer, 0, chunkBytes);
        if (bytesRead > 0) return buffer.subarray(0, bytesRead);
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
      return undefined;
    },
    cancel: () => handle.close(),
  };
}
