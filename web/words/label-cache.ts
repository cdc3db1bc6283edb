// Vectors of labels that have been encoded before, kept beside the downloads: with them a second visit needs neither
// the text encoder nor the tokenizer.
import { keyOfPart, type FileStore } from '../cache/file-store.js';
import { trackPendingWrite } from '../cache/pending-writes.js';
import { ByteReader } from '../checkpoint/files/byte-reader.js';
import { hexOf, Sha256 } from '../checkpoint/files/sha256.js';
import { sleep } from '../patience.js';
import type { WordClasses } from '../runtime/word-classes.js';
import type { LabelVectors, ModelInfo } from '../types.js';
import { packLabels, unpackLabels } from './label-vectors.js';

/** Of more labels the oldest are forgotten: some 20 MB. */
const mostLabels = 4096;

/**
 * Which way of encoding the vectors come from; older ones are not read. 2: the scale of bfloat16 files that were used twice,
 * and labels with a dollar sign, were wrong before.
 */
const encoding = 2;

/** Milliseconds that the labels' caller waits for them to be kept. */
const longestWait = 500;

/** The model that the vectors are of. */
export type Owner = Pick<ModelInfo, 'embedding' | 'weightsHash' | 'source' | 'dtype'>;

/** The labels of one model that were put into the same templates, with all that was known before. */
export class LabelCache {
  readonly #store: Promise<FileStore>;
  readonly #key: string;
  readonly #owner: Owner;
  readonly #templates: readonly string[];

  /**
   * `weightsKey`: the key of the weights' file, because files with the same image encoder may have other text encoders.
   */
  constructor(store: Promise<FileStore>, weightsKey: string, owner: Owner, templates: readonly string[]) {
    this.#store = store;
    this.#owner = owner;
    this.#templates = templates;
    const { weightsHash, dtype } = owner;
    const about = [encoding, weightsHash, dtype, templates];
    this.#key = keyOfPart(weightsKey, 'labels', digestOf(JSON.stringify(about)));
  }

  /** All labels that are stored; undefined when there are none, or the entry is damaged. */
  async read(): Promise<WordClasses | undefined> {
    try {
      const stream = await (await this.#store).read(this.#key);
      if (!stream) return undefined;
      const bytes = await new ByteReader(stream, this.#key, new AbortController().signal).read(Infinity);
      return unpackLabels(JSON.parse(new TextDecoder().decode(bytes)) as LabelVectors, this.#owner);
    } catch {
      return undefined;
    }
  }

  /** Keeps labels beside those `before`. A store that fails only costs the encoding of a later visit. */
  async write(classes: WordClasses, before: WordClasses | undefined): Promise<void> {
    const all = joined(before, classes);
    const { source: model, weightsHash: weights = '' } = this.#owner;
    const packed = packLabels(all, { model, weights, template: this.#templates });
    const writing = this.#write(new TextEncoder().encode(JSON.stringify(packed))).catch(() => undefined);
    trackPendingWrite(writing);
    await Promise.race([writing, sleep(longestWait)]);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const writer = await (await this.#store).write(this.#key);
    try {
      await writer.write(bytes);
      await writer.finish();
    } catch {
      await writer.abandon();
    }
  }
}

/** The vectors of classes by their labels. */
export function byLabel({ labels, vectors }: WordClasses): ReadonlyMap<string, Float32Array> {
  const width = vectors.length / labels.length;
  return new Map(labels.map((label, at) => [label, vectors.subarray(at * width, (at + 1) * width)]));
}

/** The classes of both, each label once, the newest last. */
function joined(before: WordClasses | undefined, classes: WordClasses): WordClasses {
  if (!before) return classes;
  const newer = byLabel(classes);
  const older = [...byLabel(before)].filter(([label]) => !newer.has(label));
  return withVectors(classes, [...older, ...newer].slice(-mostLabels));
}

/** The same, with other labels and vectors. */
export function withVectors(
  classes: WordClasses,
  rows: readonly (readonly [label: string, vector: Float32Array])[],
): WordClasses {
  const width = rows[0][1].length;
  const vectors = new Float32Array(rows.length * width);
  for (const [at, [, vector]] of rows.entries()) vectors.set(vector, at * width);
  return { ...classes, labels: rows.map(([label]) => label), vectors };
}

function digestOf(text: string): string {
  const hash = new Sha256();
  hash.update(new TextEncoder().encode(text));
  return hexOf(hash.digest());
}
