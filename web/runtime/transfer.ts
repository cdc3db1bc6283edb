// Which buffers move between a page and a worker, rather than being copied.
import type { FileLocation, ModelFiles } from '../checkpoint/files/model-files.js';
import type { Reply } from './protocol.js';

/** The same files with bytes that may be moved: copies, as the caller keeps its own. */
export function ownFiles(files: ModelFiles): ModelFiles {
  if (!files.listed) return files;
  const own = ([name, location]: [string, FileLocation]): [string, FileLocation] =>
    location.kind === 'bytes' && location.bytes instanceof Uint8Array
      ? [name, { kind: 'bytes', bytes: new Uint8Array(location.bytes) }]
      : [name, location];
  return { ...files, listed: Object.fromEntries(Object.entries(files.listed).map(own)) };
}

export function buffersOfFiles(files: ModelFiles): Transferable[] {
  return Object.values(files.listed ?? {}).flatMap((location) =>
    location.kind === 'bytes' && location.bytes instanceof Uint8Array
      ? [location.bytes.buffer as ArrayBuffer]
      : [],
  );
}

/** A result's buffer, which was made for the caller of a verb. */
export function buffersOfReply(reply: Reply): Transferable[] {
  if (reply.type !== 'done') return [];
  const data = 'data' in reply.value ? reply.value.data : reply.value;
  return data instanceof Float32Array ? [data.buffer] : [];
}
