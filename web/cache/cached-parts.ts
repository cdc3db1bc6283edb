// Small parts of a large file, kept together: the rows of a table of token embeddings. The entry is a safetensors file
// with a tensor of bytes for each part, named by its place in the large file.
import { downloadParts } from '../checkpoint/files/download-parts.js';
import type { UrlLocation } from '../checkpoint/files/model-files.js';
import type { Range } from '../checkpoint/files/stream.js';
import { ByteReader } from '../checkpoint/files/byte-reader.js';
import { safetensorsHeader } from '../checkpoint/formats/safetensors-header.js';
import { parseHeader } from '../checkpoint/formats/safetensors.js';
import { cacheKey, keyOfPart, type FileStore } from './file-store.js';

/** Beyond this many parts of a file the oldest are dropped: about 20 MB. */
const mostParts = 10_000;

type Parts = Map<string, Uint8Array>;

const nameOf = ([begin, end]: Range) => `${begin}-${end}`;

/** The parts of a file that have been needed so far. */
export class CachedParts {
  readonly #store: Promise<FileStore>;
  readonly #location: UrlLocation;
  readonly #signal: AbortSignal;

  constructor(store: Promise<FileStore>, location: UrlLocation, signal: AbortSignal) {
    this.#store = store;
    this.#location = location;
    this.#signal = signal;
  }

  /** The parts, after fetching those that are not cached; undefined if the server does not support ranges. */
  async read(parts: readonly Range[], version: string): Promise<Uint8Array[] | undefined> {
    const key = keyOfPart(cacheKey(this.#location), 'parts', version);
    const kept = await this.#keptAt(key).catch((): Parts => new Map());
    const missing = parts.filter((part) => !kept.has(nameOf(part)));
    if (missing.length > 0) {
      const fetched = await downloadParts(this.#location, missing, version, this.#signal);
      if (!fetched) return undefined;
      for (const [at, part] of missing.entries()) kept.set(nameOf(part), fetched[at]);
      await this.#keep(key, kept).catch(() => undefined);
    }
    return parts.map((part) => kept.get(nameOf(part)) as Uint8Array);
  }

  async #keptAt(key: string): Promise<Parts> {
    const stream = await (await this.#store).read(key);
    if (!stream) return new Map();
    const bytes = await new ByteReader(stream, key, this.#signal).read(Infinity);
    const data = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const entries = parseHeader(bytes.subarray(8, data), key);
    return new Map(
      entries.map(({ name, begin, end }) => [name, bytes.subarray(data + begin, data + end)] as const),
    );
  }

  async #keep(key: string, parts: Parts): Promise<void> {
    const latest = [...parts].slice(-mostParts);
    const tensors = latest.map(([name, { length }]) => ({
      name,
      dtype: 'U8',
      shape: [length],
      bytes: length,
    }));
    const writer = await (await this.#store).write(key);
    try {
      for (const piece of [safetensorsHeader(tensors), ...latest.map(([, bytes]) => bytes)]) {
        await writer.write(piece);
      }
      await writer.finish();
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }
}
