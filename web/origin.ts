// Where a model was loaded from, to read its files again when it is exported with another head.
import type { FileStore } from './cache/file-store.js';
import type { ReadContext } from './checkpoint/files/folder.js';
import type { ModelFiles } from './checkpoint/files/model-files.js';
import type { Reopened } from './runtime/reopen.js';

export interface Origin {
  /** Opens the files; undefined if they were bytes in memory that have been freed. */
  open(signal: AbortSignal): Promise<Reopened> | undefined;
  /** Whether options of `load` override the files' preprocessing. */
  readonly isAltered: boolean;
}

export function originOf(
  held: ModelFiles,
  context: Omit<ReadContext, 'signal'>,
  store: () => Promise<FileStore> | undefined,
  isAltered: boolean,
): Origin {
  const filesNow = heldWeakly(held);
  return {
    isAltered,
    open(signal) {
      const files = filesNow();
      if (!files) return undefined;
      return import('./platform/in-page.js').then(({ reopen }) =>
        reopen(files, { ...context, signal }, store()),
      );
    },
  };
}

/** The same files; weights in memory only for as long as the caller of `load` holds them. */
function heldWeakly({ listed = {}, ...files }: ModelFiles): () => ModelFiles | undefined {
  const { [files.weights]: weights, ...others } = listed;
  if (weights?.kind !== 'bytes' || weights.bytes instanceof Blob) return () => ({ listed, ...files });
  const { buffer, byteOffset, byteLength } = weights.bytes;
  const held = new WeakRef(buffer);
  return () => {
    const bytes = held.deref();
    if (!bytes) return undefined;
    const found = { kind: 'bytes', bytes: new Uint8Array(bytes, byteOffset, byteLength) } as const;
    return { ...files, listed: { ...others, [files.weights]: found } };
  };
}
