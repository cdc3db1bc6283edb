// The browser's Cache API as a store. Works in pages and workers alike, in secure contexts.
import { BlockDigests, checked } from './block-digests.js';
import type { FileStore } from './file-store.js';
import { streamOf } from '../checkpoint/files/stream.js';
import { pendingWritesDone } from './pending-writes.js';
import type { CachedFile } from '../types.js';

/** The default name of the cache. */
const defaultName = 'vit-wasm';

/** An address that no server can have, for the digests of a file beside it. */
const digestsAddress = 'https://vit-wasm.invalid/sha256?';
const digestsKey = (key: string) => digestsAddress + encodeURIComponent(key);

/**
 * Opens the store; rejects where there is no Cache API, or the page may not use it.
 *
 * @internal
 */
export async function browserStore(name = defaultName): Promise<FileStore> {
  const cache = await caches.open(name);
  return {
    async read(key) {
      const [file, digests] = await Promise.all([cache.match(key), cache.match(digestsKey(key))]);
      const stream = file?.body && streamOf(file.body);
      if (!stream || !digests) return stream ?? undefined;
      return checked(stream, new Uint8Array(await digests.arrayBuffer()), key);
    },
    remove: (key) => Promise.all([cache.delete(key), cache.delete(digestsKey(key))]),
    // eslint-disable-next-line @typescript-eslint/require-await -- what `put` throws at once is to reject
    async write(key) {
      // The pieces go to the disk as they come; the entry exists only once the stream has ended.
      const file = new HandedOn();
      const digests = new BlockDigests();
      const put = cache.put(key, new Response(file.stream));
      // A full disk rejects `put`, but may not error the stream.
      const failed = put.then(() => new Promise<never>(() => {}));
      failed.catch(() => undefined);
      return {
        async write(piece) {
          await Promise.all([digests.update(piece), Promise.race([file.write(piece), failed])]);
        },
        async finish() {
          file.end();
          await put;
          await cache.put(digestsKey(key), new Response(await digests.end()));
        },
        // eslint-disable-next-line @typescript-eslint/require-await
        async abandon() {
          file.fail();
        },
      };
    },
  };
}

/**
 * Whether the store is empty or unavailable; faster than opening it.
 *
 * @internal
 */
export async function isCacheEmpty(name = defaultName): Promise<boolean> {
  try {
    return !(await caches.has(name));
  } catch {
    return true;
  }
}

/** A stream whose pieces share one buffer: each is overwritten by the next, which is read once it has been consumed. */
class HandedOn {
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #askedFor: () => void = () => undefined;
  readonly stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#askedFor(),
    },
    // Pulls only when a read is pending, so the reader has finished with the previous piece.
    { highWaterMark: 0 },
  );

  write(piece: Uint8Array): Promise<void> {
    const taken = new Promise<void>((resolve) => (this.#askedFor = resolve));
    this.#controller.enqueue(piece);
    return taken;
  }

  end(): void {
    this.#controller.close();
  }

  fail(): void {
    this.#controller.error(new Error('The download was cancelled.'));
  }
}

/**
 * The downloaded files that `load` has stored: in the default cache, or in the one whose name (in Node, whose path) was
 * given to `load` as `cache`.
 *
 * @example
 * ```ts
 * const bytes = (await listCache()).reduce((sum, file) => sum + file.bytes, 0);
 * ```
 */
export async function listCache(name = defaultName): Promise<CachedFile[]> {
  await pendingWritesDone();
  if (!(await caches.has(name))) return [];
  const cache = await caches.open(name);
  const keys = (await cache.keys()).filter(({ url }) => !url.startsWith(digestsAddress));
  const files = keys.map(async (request) => {
    const body = await (await cache.match(request))?.blob();
    return { url: request.url, bytes: body?.size ?? 0 };
  });
  return await Promise.all(files);
}

/**
 * Deletes everything that `load` has stored in the default cache, or in the one of this name. Loaded models are not
 * affected.
 */
export async function clearCache(name = defaultName): Promise<void> {
  await pendingWritesDone();
  await caches.delete(name);
}
