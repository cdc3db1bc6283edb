// Downloads kept for the next load. A cache never fails a load: whatever goes wrong with it only costs the download.
import { hasCode } from '../errors.js';
import {
  indexName,
  locationOf,
  weightsName,
  type ModelFiles,
  type UrlLocation,
} from '../checkpoint/files/model-files.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import type { ByteStream } from '../checkpoint/files/stream.js';

/** Where files are kept by key. Every method may reject. */
export interface FileStore {
  /** The file as it was kept; undefined when there is none. */
  read(key: string): Promise<ByteStream | undefined>;
  /** Starts to keep a file, of which nothing can be read before `finish`. */
  write(key: string): Promise<FileWriter>;
  remove(key: string): Promise<unknown>;
}

/** A file on its way into a store. */
export interface FileWriter {
  /** Takes the next piece, which may change as soon as this has resolved. */
  write(piece: Uint8Array): Promise<void>;
  /** All pieces have come: from now on the file can be read, whole. */
  finish(): Promise<void>;
  /** Leaves no trace of it. */
  abandon(): Promise<unknown>;
}

/** What a file is kept under: its address, and the revision where the address does not say it. */
export function cacheKey({ url, revision }: UrlLocation): string {
  if (revision === undefined) return url;
  const key = new URL(url);
  key.searchParams.append('revision', revision);
  return key.href;
}

/**
 * Opens a model's files through a store. What is downloaded goes there while it is read, but is not there before `keep`
 * says that all of it was good.
 */
export class CachedFiles {
  readonly #openFile: OpenFile;
  readonly #store: Promise<FileStore>;
  /** Of the file that is kept last. */
  readonly #weightsKey: string | undefined;
  /** Of the index that may be there instead. */
  readonly #indexKey: string | undefined;
  readonly #reload: boolean;
  readonly #arriving = new Map<string, Arrival>();
  readonly #used = new Set<string>();
  /** Of each file that was looked for, whether it was there. */
  readonly #found = new Map<string, Promise<boolean>>();
  #kept: Promise<string | undefined> | undefined;

  /** With `reload`, nothing is taken from the store. */
  constructor(openFile: OpenFile, store: Promise<FileStore>, files: ModelFiles, reload: boolean) {
    this.#openFile = openFile;
    this.#store = store;
    this.#reload = reload;
    const keyOf = (name: string) => {
      const location = locationOf(files, name);
      return location?.kind === 'url' ? cacheKey(location) : undefined;
    };
    this.#weightsKey = keyOf(files.weights);
    this.#indexKey = files.weights === weightsName ? keyOf(indexName) : undefined;
  }

  /** Whether any of the files read so far came from the store. */
  get usedStore(): boolean {
    return this.#used.size > 0;
  }

  readonly open: OpenFile = async (location, name, signal) => {
    if (location.kind !== 'url') return await this.#openFile(location, name, signal);
    const key = cacheKey(location);
    const kept = await this.#read(key);
    if (kept) {
      this.#used.add(key);
      return kept;
    }
    const stream = await this.#fetch(location, name, signal);
    // A file may be opened for its header and again for the rest.
    await this.#arriving.get(key)?.abandon();
    // After an abort, `drop` may have passed already and would not see it.
    if (!stream || signal.aborted) return stream;
    const arrival = new Arrival(this.#store.then((store) => store.write(key)));
    this.#arriving.set(key, arrival);
    return {
      async next() {
        // The piece before may lie where the next one comes to.
        await arrival.written();
        const piece = await stream.next();
        if (piece) arrival.write(piece);
        return piece;
      },
      async cancel(reason) {
        // It would stand in the way of a piece that is being written.
        await Promise.all([arrival.abandon(), stream.cancel(reason)]);
      },
    };
  };

  /** The model was loaded: puts its files into the store. */
  async keep(): Promise<void> {
    const weights = this.#arriving.get(this.#weightsKey ?? '') ?? this.#arriving.get(this.#indexKey ?? '');
    const others = [...this.#arriving.values()].filter((arrival) => arrival !== weights);
    const kept = await Promise.all(others.map((arrival) => arrival.finish()));
    // The weights, or their index, come last: where they are, everything else is.
    if (kept.every(Boolean)) await weights?.finish();
    else await weights?.abandon();
  }

  /** The model was not loaded: nothing of this load is kept, nor what it was given by the store. */
  async drop(): Promise<void> {
    const removals = [...this.#used].map(async (key) => (await this.#store).remove(key));
    const abandoned = [...this.#arriving.values()].map((arrival) => arrival.abandon());
    await Promise.allSettled([...removals, ...abandoned]);
  }

  #read(key: string): Promise<ByteStream | undefined> {
    const reading = this.#reload
      ? Promise.resolve(undefined)
      : this.#store.then((store) => store.read(key)).catch(() => undefined);
    this.#found.set(
      key,
      reading.then((stream) => stream !== undefined),
    );
    return reading;
  }

  /** Downloads a file. Without a connection, what was not kept along with the weights is taken not to exist. */
  async #fetch(location: UrlLocation, name: string, signal: AbortSignal): Promise<ByteStream | undefined> {
    this.#kept ??= this.#firstKept([this.#weightsKey, this.#indexKey]);
    const kept = await this.#kept;
    if (kept === undefined) return await this.#openFile(location, name, signal);
    // Of a model in several files there is no such file.
    if (kept === this.#indexKey && cacheKey(location) === this.#weightsKey) return undefined;
    return await this.#openFile({ ...location, tries: 1 }, name, signal).catch((error: unknown) => {
      if (hasCode(error, 'unreadable')) return undefined;
      throw error;
    });
  }

  async #firstKept(keys: readonly (string | undefined)[]): Promise<string | undefined> {
    const found = await Promise.all(keys.map(async (key) => key !== undefined && (await this.#has(key))));
    return keys[found.indexOf(true)];
  }

  async #has(key: string): Promise<boolean> {
    const known = this.#found.get(key);
    if (known) return await known;
    const stream = await this.#read(key);
    // Not waited for: of a clone it would end only with the original.
    stream?.cancel().catch(() => undefined);
    return stream !== undefined;
  }
}

/** A file that is being written, until something goes wrong with it. */
class Arrival {
  #writer: Promise<FileWriter | undefined>;
  #writing: Promise<unknown> = Promise.resolve();
  #abandoned: Promise<void> | undefined;

  constructor(writer: Promise<FileWriter>) {
    this.#writer = writer.catch(() => undefined);
  }

  /** Starts to write a piece, which is to stay as it is until it is `written`. */
  write(piece: Uint8Array): void {
    this.#writing = this.#attempt((writer) => writer.write(piece));
  }

  written(): Promise<unknown> {
    return this.#writing;
  }

  async finish(): Promise<boolean> {
    await this.#writing;
    return await this.#attempt((writer) => writer.finish());
  }

  /** May be asked for several times; always waits until no trace is left. */
  abandon(): Promise<void> {
    return (this.#abandoned ??= this.#forget());
  }

  async #forget(): Promise<void> {
    const writer = await this.#writer;
    this.#writer = Promise.resolve(undefined);
    await writer?.abandon().catch(() => undefined);
  }

  async #attempt(step: (writer: FileWriter) => Promise<void>): Promise<boolean> {
    const writer = await this.#writer;
    if (!writer) return false;
    try {
      await step(writer);
      return true;
    } catch {
      await this.abandon();
      return false;
    }
  }
}
