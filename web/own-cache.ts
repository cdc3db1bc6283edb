// What the `cache` option means, and a cache of the caller's own as a store.
import type { FileStore } from './checkpoint/cache.js';
import type { ModelCache } from './types.js';

/** Bytes after which pieces leave the script's memory for a Blob, which the browser may put on disk. */
const blobBytes = 1 << 22;

/** The store of the `cache` option; `named` opens this environment's own, of a name or the usual one. */
export function storeOf(
  cache: boolean | string | ModelCache,
  named: (name: string | undefined) => Promise<FileStore>,
): Promise<FileStore> | undefined {
  if (cache === false) return undefined;
  const store =
    typeof cache === 'object' ? Promise.resolve(ownStore(cache)) : named(cache === true ? undefined : cache);
  // It is only told to whoever wants to use it.
  store.catch(() => undefined);
  return store;
}

/** A store that calls `put` only with whole files that were found good. */
export function ownStore(cache: ModelCache): FileStore {
  return {
    read: async (key) => (await cache.match(key))?.body ?? undefined,
    remove: async (key) => await cache.delete?.(key),
    // eslint-disable-next-line @typescript-eslint/require-await -- nothing has to be opened here
    async write(key) {
      let parts: Blob[] = [];
      let pieces: Uint8Array[] = [];
      let bytes = 0;
      const pack = () => {
        parts.push(new Blob(pieces as BlobPart[]));
        pieces = [];
        bytes = 0;
      };
      return {
        // eslint-disable-next-line @typescript-eslint/require-await
        async write(piece) {
          pieces.push(piece);
          bytes += piece.length;
          if (bytes >= blobBytes) pack();
        },
        async finish() {
          pack();
          await cache.put(key, new Response(new Blob(parts)));
        },
        // eslint-disable-next-line @typescript-eslint/require-await
        async abandon() {
          parts = pieces = [];
        },
      };
    },
  };
}
