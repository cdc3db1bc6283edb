// The part of a model's calls with words that every page downloads: it checks them, and loads the rest at the first.
import { checkOptions } from '../call-options.js';
import { VitError } from '../errors.js';
import { areVectors, checkLabels } from '../options.js';
import type { Queue } from '../runtime/queue.js';
import type { Runner } from '../runtime/runner.js';
import { shown } from '../shown.js';
import type { EmbedTextOptions, LabelOptions, LabelVectors, ModelInfo } from '../types.js';
import type { Words, WordsContext } from './words.js';

type Module = typeof import('./words.js');

/** Calls with words of one model, which run concurrently with those on pictures. */
export class WordCalls {
  readonly #runner: Runner;
  readonly #queue: Queue;
  readonly #context: WordsContext | undefined;
  #words: Words | undefined;
  /** Calls of setLabels are numbered in their order; the latest that has taken effect. */
  #labelings = 0;
  #latest = 0;

  constructor(runner: Runner, queue: Queue, context: WordsContext | undefined) {
    this.#runner = runner;
    this.#queue = queue;
    this.#context = context;
  }

  /**
   * Encodes labels, unless they come as vectors, and gives the model these classes; `onClasses` is called in the turn
   * from which on pictures are classified into them.
   */
  async setLabels(
    labels: readonly string[] | LabelVectors,
    options: LabelOptions,
    info: ModelInfo,
    onClasses: (labels: readonly string[]) => void,
  ): Promise<LabelVectors> {
    const templates = checkLabels(labels, options);
    const { signal } = options;
    const order = ++this.#labelings;
    const vectors = await this.#withWords(signal, info, async (words, module) => {
      if (areVectors(labels)) return labels;
      const classes = await words.classes([...labels], templates, signal);
      const { weightsHash = '' } = info;
      return module.packLabels(classes, { model: words.title, weights: weightsHash, template: templates });
    });
    await this.#queue.inTurn(signal, async () => {
      // A newer call, whose labels were encoded sooner, has already replaced these.
      if (order < this.#latest) return;
      const { unpackLabels } = await import('./words.js');
      const classes = unpackLabels(vectors, info);
      await this.#runner.run('setClasses', undefined, classes);
      this.#latest = order;
      onClasses(classes.labels);
    });
    return vectors;
  }

  /** The vector of a text, or of each text. */
  async embed(
    text: string | readonly string[],
    options: EmbedTextOptions,
    info: ModelInfo,
  ): Promise<Float32Array<ArrayBuffer> | Float32Array<ArrayBuffer>[]> {
    checkOptions(options, ['normalize', 'signal'], 'embedText');
    const { normalize = false, signal } = options;
    this.#queue.check(signal);
    const texts = typeof text === 'string' ? [text] : text;
    if (!Array.isArray(texts) || !texts.every((one) => typeof one === 'string')) {
      throw new VitError(
        'invalid-argument',
        `${shown(text)} is not a text; give a string or an array of strings.`,
      );
    }
    if (texts.length === 0) return [];
    const vectors = await this.#withWords(signal, info, async (words, { toUnit }) => {
      const { data, width } = await words.encode(texts, signal);
      const rows = texts.map((_, at) => data.slice(at * width, (at + 1) * width));
      return normalize ? rows.map(toUnit) : rows;
    });
    return typeof text === 'string' ? vectors[0] : vectors;
  }

  dispose(): void {
    this.#words?.dispose();
  }

  /** Does work that needs the text encoder; ends when the signal aborts or the model is disposed. */
  async #withWords<T>(
    signal: AbortSignal | undefined,
    info: ModelInfo,
    work: (words: Words, module: Module) => Promise<T>,
  ): Promise<T> {
    this.#queue.check(signal);
    const context = this.#context;
    if (!context || !info.words) {
      throw new VitError(
        'unsupported-model',
        `${context?.files.title ?? 'This model'} was not trained with texts, so it cannot take classes in words; load a CLIP or SigLIP ` +
          'model, such as "openai/clip-vit-base-patch32".',
      );
    }
    return await this.#queue.unlessEnded(
      signal,
      import('./words.js').then((module) => {
        this.#queue.check(signal);
        return work((this.#words ??= new module.Words(context)), module);
      }),
    );
  }
}
