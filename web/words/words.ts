// Words → vectors: tokenizes texts and has them encoded by the model's text encoder, which is loaded for this and freed
// again, because it is large and rarely needed. This module itself is loaded only when words are used.
import { CachedFiles } from '../cache/cache.js';
import { cacheKey, type FileStore } from '../cache/file-store.js';
import { patientStore } from '../cache/patient-store.js';
import { towerOf } from '../checkpoint/families/with-texts.js';
import type { TextTower } from '../checkpoint/families/family.js';
import { folderOf, type Folder, type ReadContext } from '../checkpoint/files/folder.js';
import { JsonFields, parseJson } from '../checkpoint/files/json.js';
import { configName, locationOf, tokenizerNames, type ModelFiles } from '../checkpoint/files/model-files.js';
import { VitError } from '../errors.js';
import type { Runner } from '../runtime/runner.js';
import type { TextVectors } from '../runtime/text-model.js';
import type { WordClasses } from '../runtime/word-classes.js';
import type { ModelInfo } from '../types.js';
import { cleaningOf, type Clean } from './cleaning.js';
import { byLabel, LabelCache, withVectors } from './label-cache.js';
import { clipTokenizer, makeTokenizer, type Tokenizer } from './tokenizer.js';

export { packLabels, unpackLabels } from './label-vectors.js';

/** What words need of the model that they belong to. */
export interface WordsContext {
  readonly files: ModelFiles;
  readonly open: ReadContext['open'];
  /** The same files, held to the checksums that `load` was given. */
  checked(this: void, open: ReadContext['open']): ReadContext['open'];
  /** Opens the store that downloads are cached in, if there is one. */
  store(this: void): Promise<FileStore> | undefined;
  /** See LoadOptions. */
  readonly stallTimeout: number | undefined;
  /** Of the image encoder. */
  readonly info: ModelInfo;
  /** Loads the text encoder; `tokens` are those that will be encoded first. */
  start(tokens: readonly number[], signal: AbortSignal | undefined): Promise<Runner>;
  /** Whether the tower stays loaded. */
  readonly keep: boolean;
}

/** How a model reads texts. */
interface Reader {
  readonly tower: TextTower;
  readonly tokenizer: Tokenizer;
  readonly text: JsonFields;
  readonly longest: number;
  /** What is done to a text before. */
  readonly clean: Clean | undefined;
}

/** The words' side of a model. */
export class Words {
  readonly #context: WordsContext;
  #reader: Promise<Reader> | undefined;
  #runner: Promise<Runner> | undefined;
  #isDisposed = false;
  /** One call after another: the tower is loaded once for calls made together. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(context: WordsContext) {
    this.#context = context;
  }

  /** What messages call the model. */
  get title(): string {
    return this.#context.files.title;
  }

  /** A vector of each text, as the model gives it. */
  async encode(texts: readonly string[], signal?: AbortSignal): Promise<TextVectors> {
    const reader = await this.#read();
    const ids = texts.map((text) => tokensOf(text, reader));
    const turn = this.#queue.then(() => this.#encode(ids, signal));
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  /**
   * Classes by their labels, each put into every template; the vectors of one label are averaged. Those that are in the
   * cache are not encoded again.
   */
  async classes(
    labels: readonly string[],
    templates: readonly string[],
    signal?: AbortSignal,
  ): Promise<WordClasses> {
    const cache = this.#cacheOf(templates);
    const kept = await cache?.read();
    const known = new Map(kept && byLabel(kept));
    const missing = [...new Set(labels)].filter((label) => !known.has(label));
    let classes = kept;
    if (missing.length > 0) {
      classes = await this.#encodeClasses(missing, templates, signal);
      for (const [label, vector] of byLabel(classes)) known.set(label, vector);
      await cache?.write(classes, kept);
    }
    const rows = labels.map((label) => [label, known.get(label) as Float32Array] as const);
    return withVectors(classes as WordClasses, rows);
  }

  #cacheOf(templates: readonly string[]): LabelCache | undefined {
    const { files, info } = this.#context;
    const location = locationOf(files, files.weights);
    const store = storeOf(this.#context);
    if (!store || location?.kind !== 'url') return undefined;
    return new LabelCache(store, cacheKey(location), info, templates);
  }

  async #encodeClasses(
    labels: readonly string[],
    templates: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<WordClasses> {
    const texts = labels.flatMap((label) =>
      templates.map((template) => template.replaceAll('{}', () => label)),
    );
    const { data, width, scale, bias } = await this.encode(texts, signal);
    const vectors = new Float32Array(labels.length * width);
    for (const label of labels.keys()) {
      // As in CLIP's paper: every template counts the same, whatever the length of its vector.
      const mean = vectors.subarray(label * width, (label + 1) * width);
      for (const at of templates.keys()) {
        const first = (label * templates.length + at) * width;
        toUnit(data.subarray(first, first + width)).forEach((value, i) => (mean[i] += value));
      }
      mean.set(toUnit(mean));
    }
    const { probabilities } = (await this.#read()).tower;
    return { labels, vectors, scale, bias, probabilities };
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#release();
  }

  /** Ends the text encoder; another call loads it again. */
  #release(): void {
    void this.#runner?.then(
      (runner) => runner.dispose(),
      () => undefined,
    );
    this.#runner = undefined;
  }

  async #encode(ids: readonly (readonly number[])[], signal: AbortSignal | undefined): Promise<TextVectors> {
    // After dispose() nothing would free the encoder.
    if (this.#isDisposed) {
      throw new VitError('disposed', 'This model was disposed; load it again to use it.');
    }
    this.#runner ??= this.#context.start(ids.flat(), signal);
    try {
      return await (await this.#runner).encode(ids);
    } catch (error) {
      this.#release();
      throw error;
    } finally {
      if (!this.#context.keep) this.#release();
    }
  }

  #read(): Promise<Reader> {
    this.#reader ??= cachedReader(this.#context);
    // A failed read may be retried.
    this.#reader.catch(() => (this.#reader = undefined));
    return this.#reader;
  }
}

/** Reads how a model reads texts, through the cache; when a cached file turns out to be damaged, downloads it. */
async function cachedReader(context: WordsContext, reload = false): Promise<Reader> {
  const { files, open, checked } = context;
  const store = storeOf(context);
  if (!store) return await readerOf(files, checked(open));
  // The weights are there already.
  const cached = new CachedFiles(open, store, { ...files, weights: tokenizerNames[0] }, reload);
  try {
    const reader = await readerOf(files, checked(cached.open));
    await cached.keep();
    return reader;
  } catch (error) {
    if (!(await cached.drop(error)) || reload) throw error;
    return await cachedReader(context, true);
  }
}

/** The store of downloads, whose every step ends; undefined where nothing is kept. */
function storeOf({ store, stallTimeout }: WordsContext): Promise<FileStore> | undefined {
  const opening = store();
  const patient = opening && patientStore(opening, { timeout: stallTimeout });
  patient?.catch(() => undefined); // reported where it is used
  return patient;
}

async function readerOf(files: ModelFiles, open: ReadContext['open']): Promise<Reader> {
  const context = { open, signal: new AbortController().signal };
  const folder = folderOf(files, context);
  const file = await folder.open(configName);
  if (!file) throw folder.notFound(configName);
  const config = parseJson(await file.read(Infinity), file.name, 'config');
  const tower = towerOf(config, file.name);
  if (!tower) throw withoutTexts(files.title);
  const fields = new JsonFields(config, file.name, 'config');
  const text = fields.object('text_config') ?? fields;
  const longest = text.count('max_position_embeddings') ?? tower.longest;
  const cleaning = text.text('clean');
  const clean = cleaning === undefined ? undefined : cleaningOf(cleaning);
  if (cleaning !== undefined && !clean) throw text.refusal(`asks for texts to be cleaned as "${cleaning}"`);
  return { tower, text, longest, clean, tokenizer: await tokenizerIn(folder, files.title) };
}

function withoutTexts(title: string): VitError {
  return new VitError(
    'unsupported-model',
    `${title} was not trained with texts, so it cannot take classes in words; load a CLIP or SigLIP model, ` +
      'such as "openai/clip-vit-base-patch32", or the open_clip_model.safetensors of a repository that has one.',
  );
}

async function tokenizerIn(folder: Folder, title: string): Promise<Tokenizer> {
  const json = async (name: string) => {
    const bytes = await bytesOf(folder, name);
    return bytes && (parsed(bytes, name, title) as Record<string, number>);
  };
  const [tokenizer, config = {}] = await Promise.all([json('tokenizer.json'), json('tokenizer_config.json')]);
  if (tokenizer) return await makeTokenizer({ tokenizer, config });
  const [vocab, merges] = await Promise.all([json('vocab.json'), bytesOf(folder, 'merges.txt')]);
  if (!vocab || !merges) {
    throw new VitError(
      'not-found',
      `${title} has no tokenizer.json, nor vocab.json and merges.txt, which words need; give one of them with the model.`,
    );
  }
  return await makeTokenizer({ tokenizer: clipTokenizer(vocab, new TextDecoder().decode(merges)), config });
}

async function bytesOf(folder: Folder, name: string): Promise<Uint8Array | undefined> {
  const reader = await folder.open(name);
  return await reader?.read(Infinity);
}

function parsed(bytes: Uint8Array, name: string, title: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new VitError('unreadable', `${name} of ${title} is not valid JSON; download it again.`, {
      cause: error,
    });
  }
}

function tokensOf(content: string, { tower, tokenizer, text, longest, clean }: Reader): number[] {
  const ids = tokenizer.encode(clean?.(content) ?? content, longest);
  if (tower.padded) {
    const padding = tokenizer.padding ?? text.count('pad_token_id') ?? 0;
    return [...ids, ...Array<number>(longest - ids.length).fill(padding)];
  }
  return ids.slice(0, tower.lengthOf?.(ids, text) ?? ids.length);
}

/** The same direction, of length 1. */
export function toUnit(vector: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}
