// What the `cache` option means, and the caller's own cache as a store.
import type { FileStore } from './file-store.js';
import { BlobWriter } from '../checkpoint/files/blob-writer.js';
import { streamOf } from '../checkpoint/files/stream.js';
import type { ModelCache } from '../types.js';

/** The store of the `cache` option; `named` opens one of this environment's own, by name or the default one. */
export function storeOf(
  cache: boolean | string | ModelCache,
  named: (name: string | undefined) => Promise<FileStore>,
): Promise<FileStore> | undefined {
  if (cache === false) return undefined;
  const store =
    typeof cache === 'object'
      ? Promise.resolve(customStore(cache))
      : named(cache === true ? undefined : cache);
  // Marks the rejection as handled: only a caller that uses the store reports it.
  store.catch(() => undefined);
  return store;
}

/** A store that calls `put` only with complete, verified files. */
export function customStore(cache: ModelCache): FileStore {
  return {
    async read(key) {
      const body = (await cache.match(key))?.body;
      return body ? streamOf(body) : undefined;
    },
    remove: async (key) => await cache.delete?.(key),
    // eslint-disable-next-line @typescript-eslint/require-await -- nothing has to be opened here
    async write(key) {
      const file = new BlobWriter();
      return {
        // eslint-disable-next-line @typescript-eslint/require-await
        async write(piece) {
          file.write(piece);
        },
        async finish() {
          await cache.put(key, new Response(file.finish()));
        },
        // eslint-disable-next-line @typescript-eslint/require-await
        async abandon() {
          file.finish();
        },
      };
    },
  };
}
