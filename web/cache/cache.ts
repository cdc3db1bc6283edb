// Downloads stored for the next load. A cache never makes a load fail: if the cache fails, the files are downloaded.
import { hasCode, isVitError, type VitErrorCode } from '../errors.js';
import {
  indexName,
  locationOf,
  weightsName,
  type ModelFiles,
  type UrlLocation,
} from '../checkpoint/files/model-files.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import type { ByteStream } from '../checkpoint/files/stream.js';
import { CachedParts } from './cached-parts.js';
import { cacheKey, keyOfConversion, keyOfPart, type FileStore, type FileWriter } from './file-store.js';

/** The errors that a damaged file in the store can cause. */
const damage: readonly VitErrorCode[] = [
  'config',
  'html',
  'integrity',
  'malformed-archive',
  'not-safetensors',
  'preprocessor',
  'tensors',
  'truncated',
  'unreadable',
  'unsupported-format',
];

/** Which network's share of the weights a load is for, where a file has several. */
export type Tower = 'pictures' | 'texts';

/**
 * Opens a model's files through a store. Downloads are written to it while they are read, but become visible only when
 * `keep` confirms that all of them were good.
 */
export class CachedFiles {
  readonly #openFile: OpenFile;
  readonly #store: Promise<FileStore>;
  /** The key of the file that is kept last. */
  readonly #weightsKey: string | undefined;
  /** The key of the tower's share of them, which may be kept instead. */
  readonly #shareKey: string | undefined;
  /** The key of the index that there may be instead. */
  readonly #indexKey: string | undefined;
  /** The key of the note that says in which other revision they were found. */
  readonly #conversionKey: string | undefined;
  readonly #reload: boolean;
  readonly #arriving = new Map<string, Arrival>();
  readonly #used = new Set<string>();
  /** By key: whether the store had the file. */
  readonly #found = new Map<string, Promise<boolean>>();
  #kept: Promise<string | undefined> | undefined;
  /** What says nothing about the files that were in the store. */
  #networkFailure: unknown;

  /** With `reload`, nothing is taken from the store. */
  constructor(
    openFile: OpenFile,
    store: Promise<FileStore>,
    files: ModelFiles,
    reload: boolean,
    tower: Tower = 'pictures',
  ) {
    this.#openFile = openFile;
    this.#store = store;
    this.#reload = reload;
    const keyOf = (name: string) => {
      const location = locationOf(files, name);
      return location?.kind === 'url' ? cacheKey(location) : undefined;
    };
    this.#weightsKey = keyOf(files.weights);
    this.#shareKey = this.#weightsKey && keyOfPart(this.#weightsKey, 'tower', tower);
    this.#indexKey = files.weights === weightsName ? keyOf(indexName) : undefined;
    this.#conversionKey = files.hub && this.#weightsKey && keyOfConversion(this.#weightsKey);
  }

  readonly open: OpenFile = async (location, name, signal) => {
    if (location.kind !== 'url') return await this.#openFile(location, name, signal);
    const key = cacheKey(location);
    const kept = await this.#read(key);
    if (kept) {
      this.#used.add(key);
      return kept;
    }
    const shareKey = key === this.#weightsKey ? this.#shareKey : undefined;
    const share = shareKey && (await this.#read(shareKey));
    const parts: ByteStream['parts'] = async (parts, version) => {
      try {
        return await new CachedParts(this.#store, location, signal).read(parts, version);
      } catch (error) {
        this.#networkFailure = error;
        throw error;
      }
    };
    if (share) {
      this.#used.add(shareKey);
      return { isShare: true, next: () => share.next(), cancel: (reason) => share.cancel(reason), parts };
    }
    const stream = await this.#fetch(location, name, signal);
    // A file may be opened for its header and again for the rest.
    await this.#arriving.get(key)?.abandon();
    // After an abort, `drop` may already have run and would miss it.
    if (!stream || signal.aborted) return stream;
    let arrival = this.#arrive(key);
    let isShare = false;
    return {
      version: stream.version,
      canSkip: async () => (await stream.canSkip?.()) ?? false,
      parts: async (...wanted) => ((await stream.canSkip?.()) ? await parts(...wanted) : undefined),
      // What is skipped would be missing from the whole file.
      skip: (count, until) => isShare && (stream.skip?.(count, until) ?? false),
      keepInstead: (header) => {
        if (!shareKey || signal.aborted) return undefined;
        isShare = true;
        void arrival.abandon();
        this.#arriving.delete(key);
        arrival = this.#arrive(shareKey);
        arrival.write(header);
        return (piece) => arrival.write(piece);
      },
      async next() {
        // The next piece may overwrite the buffer of the previous one.
        await arrival.written();
        const piece = await stream.next();
        if (piece && !isShare) arrival.write(piece);
        return piece;
      },
      async cancel(reason) {
        // Otherwise it would wait for a piece that is still being written.
        await Promise.all([arrival.abandon(), stream.cancel(reason)]);
      },
    };
  };

  #arrive(key: string): Arrival {
    const arrival = new Arrival(this.#store.then((store) => store.write(key)));
    this.#arriving.set(key, arrival);
    return arrival;
  }

  /** The model was loaded: puts its files into the store. */
  async keep(): Promise<void> {
    const weights = [this.#weightsKey, this.#shareKey, this.#indexKey]
      .map((key) => this.#arriving.get(key ?? ''))
      .find((arrival) => arrival !== undefined);
    const others = [...this.#arriving.values()].filter((arrival) => arrival !== weights);
    const kept = await Promise.all(others.map((arrival) => arrival.finish()));
    // The weights, or their index, come last: where they are, everything else is.
    if (kept.every(Boolean)) await weights?.finish();
    else await weights?.abandon();
  }

  /**
   * The model was not loaded: removes what this load wrote and, if a damaged file can have caused the failure, also the
   * files that it got from the store. Promises whether there were such, so that downloading them can help.
   */
  async drop(failure: unknown): Promise<boolean> {
    const isDamage = isVitError(failure) && damage.includes(failure.code) && failure !== this.#networkFailure;
    const suspects = isDamage ? [...this.#used] : [];
    const removals = suspects.map(async (key) => (await this.#store).remove(key));
    const abandoned = [...this.#arriving.values()].map((arrival) => arrival.abandon());
    await Promise.allSettled([...removals, ...abandoned]);
    return suspects.length > 0;
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

  /** Downloads a file. Without a connection, a file that was not cached along with the weights counts as absent. */
  async #fetch(location: UrlLocation, name: string, signal: AbortSignal): Promise<ByteStream | undefined> {
    const [weights, index, conversion] = [this.#weightsKey, this.#indexKey, this.#conversionKey];
    this.#kept ??= this.#firstKept([weights, this.#shareKey, index, conversion]);
    const kept = await this.#kept;
    if (kept === undefined) return await this.#openFile(location, name, signal);
    const key = cacheKey(location);
    // A model in several files has no such file. Where a note says that the weights are in another revision, the one that
    // was asked for has neither them nor an index.
    if (kept === index && key === weights) return undefined;
    if (kept === conversion && (key === weights || key === index)) return undefined;
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
    // Not awaited: cancelling a clone ends only with the original.
    stream?.cancel().catch(() => undefined);
    return stream !== undefined;
  }
}

/** A file being written to the store, until it fails. */
class Arrival {
  #writer: Promise<FileWriter | undefined>;
  #writing: Promise<unknown> = Promise.resolve();
  #abandoned: Promise<void> | undefined;

  constructor(writer: Promise<FileWriter>) {
    this.#writer = writer.catch(() => undefined);
  }

  /** Starts to write a piece after those before it; it must not change until it is `written`. */
  write(piece: Uint8Array): void {
    const before = this.#writing;
    this.#writing = before.then(() => this.#attempt((writer) => writer.write(piece)));
  }

  written(): Promise<unknown> {
    return this.#writing;
  }

  async finish(): Promise<boolean> {
    await this.#writing;
    return await this.#attempt((writer) => writer.finish());
  }

  /** May be called several times; always waits until everything is removed. */
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
