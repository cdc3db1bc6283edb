// Words → vectors: tokenizes texts and has them encoded by the model's text tower, which is loaded for this and freed
// again, because it is large and rarely needed. This module itself is loaded only when words are used.
import { familiesFor } from '../checkpoint/families/all.js';
import type { TextTower } from '../checkpoint/families/family.js';
import { folderOf, type Folder, type ReadContext } from '../checkpoint/files/folder.js';
import { JsonFields, parseJson } from '../checkpoint/files/json.js';
import { configName, type ModelFiles } from '../checkpoint/files/model-files.js';
import { VitError } from '../errors.js';
import type { Runner } from '../runtime/runner.js';
import type { TextVectors } from '../runtime/text-model.js';
import type { WordClasses } from '../runtime/word-classes.js';
import { clipTokenizer, makeTokenizer, type Tokenizer } from './tokenizer.js';

export { packLabels, unpackLabels } from './label-vectors.js';

/** What words need of the model that they belong to. */
export interface WordsContext {
  readonly files: ModelFiles;
  readonly open: ReadContext['open'];
  /** Loads the text tower; `tokens` are those that will be encoded first. */
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
}

/** The words' side of a model. */
export class Words {
  readonly #context: WordsContext;
  #reader: Promise<Reader> | undefined;
  #runner: Promise<Runner> | undefined;
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

  /** Classes by their labels, each put into every template; the vectors of one label are averaged. */
  async classes(
    labels: readonly string[],
    templates: readonly string[],
    signal?: AbortSignal,
  ): Promise<WordClasses> {
    const texts = labels.flatMap((label) => templates.map((template) => template.replaceAll('{}', label)));
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
    void this.#runner?.then(
      (runner) => runner.dispose(),
      () => undefined,
    );
    this.#runner = undefined;
  }

  async #encode(ids: readonly (readonly number[])[], signal: AbortSignal | undefined): Promise<TextVectors> {
    this.#runner ??= this.#context.start(ids.flat(), signal);
    try {
      return await (await this.#runner).encode(ids);
    } catch (error) {
      this.dispose();
      throw error;
    } finally {
      if (!this.#context.keep) this.dispose();
    }
  }

  #read(): Promise<Reader> {
    this.#reader ??= readerOf(this.#context);
    // A connection that failed may be there again.
    this.#reader.catch(() => (this.#reader = undefined));
    return this.#reader;
  }
}

async function readerOf({ files, open }: WordsContext): Promise<Reader> {
  const context = { open, signal: new AbortController().signal };
  const folder = folderOf(files, context);
  const file = await folder.open(configName);
  if (!file) throw folder.notFound(configName);
  const config = parseJson(await file.read(Infinity), file.name, 'config');
  const tower = familiesFor(config, file.name).find(({ texts }) => texts)?.texts;
  if (!tower) throw withoutTexts(files.title);
  const fields = new JsonFields(config, file.name, 'config');
  const text = fields.object('text_config') ?? fields;
  const longest = text.count('max_position_embeddings') ?? tower.longest;
  return { tower, text, longest, tokenizer: await tokenizerIn(folder, files.title) };
}

function withoutTexts(title: string): VitError {
  return new VitError(
    'unsupported-model',
    `${title} was not trained with texts, so it cannot take classes in words; load a CLIP or SigLIP model, ` +
      'such as "openai/clip-vit-base-patch32".',
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

function tokensOf(content: string, { tower, tokenizer, text, longest }: Reader): number[] {
  const ids = tokenizer.encode(content, longest);
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
