// A cache of the page's own, used from the model's worker: its calls as messages, files as Blobs, which are posted
// without being copied.
import type { ModelCache } from '../types.js';

/** Worker → page: one call of the cache. */
export interface CacheCall {
  readonly id: number;
  readonly method: 'match' | 'put' | 'delete';
  readonly key: string;
  /** What to put. */
  readonly file?: Blob;
}

/** Page → worker: the call's result. */
export interface CacheAnswer {
  readonly id: number;
  /** The file found, if the call was `match`. */
  readonly file?: Blob | undefined;
  /** Whether the call was rejected. */
  readonly failed: boolean;
}

/** The page's side: carries out a call. */
export async function performCall(cache: ModelCache, call: CacheCall): Promise<CacheAnswer> {
  const { id, method, key, file } = call;
  try {
    if (method === 'match') return { id, failed: false, file: await (await cache.match(key))?.blob() };
    if (method === 'put') await cache.put(key, new Response(file ?? null));
    else if (method === 'delete') await cache.delete?.(key);
    return { id, failed: false };
  } catch {
    return { id, failed: true };
  }
}

/** The worker's side: a cache whose calls are posted by `post`, with their answers to be given to `receive`. */
export class RemoteCache implements ModelCache {
  readonly #post: (call: CacheCall) => void;
  readonly #waiting = new Map<number, (answer: CacheAnswer) => void>();
  #calls = 0;

  constructor(post: (call: CacheCall) => void) {
    this.#post = post;
  }

  async match(key: string): Promise<Response | undefined> {
    const file = await this.#call('match', key);
    return file && new Response(file);
  }

  async put(key: string, response: Response): Promise<void> {
    await this.#call('put', key, await response.blob());
  }

  async delete(key: string): Promise<void> {
    await this.#call('delete', key);
  }

  receive(answer: CacheAnswer): void {
    const { id } = (answer ?? {}) as Partial<CacheAnswer>;
    if (id === undefined) return;
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }

  #call(method: CacheCall['method'], key: string, file?: Blob): Promise<Blob | undefined> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) =>
        answer.failed ? reject(new Error(`The cache's ${method} failed.`)) : resolve(answer.file),
      );
      this.#post({ id, method, key, ...(file && { file }) });
    });
  }
}
