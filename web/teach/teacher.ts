// A few-shot classifier: examples in, a head out. Everything is checked and computed before anything is stored, so a
// call that fails or is aborted changes nothing.
import { VitError } from '../errors.js';
import { topPredictions } from '../labels.js';
import { checkOptions } from '../call-options.js';
import { toBase64 } from '../platform/base64.js';
import { shown } from '../shown.js';
import type {
  Evaluation,
  Example,
  FewShotAddOptions,
  FewShotCallOptions,
  FewShotClassifyOptions,
  FewShotJSON,
  FewShotOptions,
  Prediction,
  Training,
} from '../types.js';
import type { Backbone } from './backbone.js';
import type { Examples, HeadSettings, Trained } from './examples.js';
import { exported } from './export.js';
import { fingerprintOf } from './fingerprint.js';
import { leftOutScores, scoresOf, trainedWeights, type Scores } from './heads.js';
import { checkClassifyOptions, checkEmbedding, checkLabel, checkSettings } from './checks.js';
import { Strangeness } from './strangeness.js';

export class Teacher {
  readonly #model: Backbone;
  readonly #settings: HeadSettings;
  readonly pool: FewShotOptions['pool'];
  #classes: ReadonlyMap<string, readonly Float32Array[]> = new Map();
  #fingerprint: Float32Array | undefined;
  #trained: Trained | undefined;
  /** Whether `#trained` is of the current examples. */
  #isTrained = false;
  #scores: Scores | undefined;
  #strangeness: Strangeness | undefined;

  constructor(model: Backbone, options: FewShotOptions) {
    this.#model = model;
    this.#settings = checkSettings(options);
    this.pool = options.pool;
  }

  get labels(): readonly string[] {
    return [...this.#classes.keys()];
  }

  get counts(): readonly number[] {
    return [...this.#classes.values()].map(({ length }) => length);
  }

  /** `source` may be a picture that is being embedded. */
  async add(
    label: string,
    source: Float32Array | Promise<Float32Array> | readonly Example[],
    options: FewShotAddOptions,
  ): Promise<void> {
    checkOptions(options, ['region', 'signal', 'onProgress'], 'add');
    checkLabel(label);
    const { region, signal, onProgress } = options;
    const sources = Array.isArray(source)
      ? (source as readonly Example[])
      : [source as Float32Array | Promise<Float32Array>];
    if (sources.length === 0) {
      throw new VitError(
        'invalid-argument',
        `There are no pictures of "${label}" in the list; give at least one.`,
      );
    }
    const fingerprint = await fingerprintOf(this.#model, this.pool);
    const added: Float32Array[] = [];
    for (const one of sources) {
      signal?.throwIfAborted();
      const embedding = await this.#embedded(one, { region, signal });
      checkEmbedding(embedding, fingerprint.length);
      // The caller may change its own array.
      added.push(embedding.slice());
      onProgress?.({ done: added.length, total: sources.length });
    }
    signal?.throwIfAborted();
    this.#fingerprint = fingerprint;
    this.#keep(new Map(this.#classes).set(label, [...(this.#classes.get(label) ?? []), ...added]));
  }

  remove(label: string, example?: number): void {
    const examples = this.#classes.get(label);
    if (!examples) {
      throw new VitError(
        'invalid-argument',
        `There is no class ${shown(label)}; see \`labels\` for the classes.`,
      );
    }
    if (example !== undefined && !(Number.isInteger(example) && example >= 0 && example < examples.length)) {
      throw new VitError(
        'invalid-argument',
        `"${label}" has no example ${shown(example)}; it has 0 to ${examples.length - 1}.`,
      );
    }
    const rest = example === undefined ? [] : examples.filter((_, index) => index !== example);
    const classes = new Map(this.#classes).set(label, rest);
    if (rest.length === 0) classes.delete(label);
    this.#keep(classes);
  }

  async train(options: FewShotCallOptions): Promise<Training> {
    checkOptions(options, ['signal', 'onProgress'], 'train');
    const examples = this.#examples();
    options.signal?.throwIfAborted();
    const weights = await trainedWeights(this.#model, examples, this.#settings, options);
    this.restore({ labels: this.labels, examples, weights });
    return { examples: examples.labels.length, labels: this.labels };
  }

  async classify(
    source: Float32Array | Promise<Float32Array>,
    options: FewShotClassifyOptions,
  ): Promise<Prediction[]> {
    checkClassifyOptions(options);
    const { topK = 5, unknown = false, falseAlarms = 0.05, signal } = options;
    const trained = this.#trained;
    const scores = this.#scores;
    if (!trained || !scores) {
      throw new VitError('invalid-argument', 'There is nothing to classify with yet: call train() first.');
    }
    const embedding = await source;
    signal?.throwIfAborted();
    checkEmbedding(embedding, trained.examples.width);
    if (unknown !== false) {
      this.#strangeness ??= await Strangeness.of(trained.examples, signal);
      const rank = this.#strangeness.rankOf(embedding);
      if (rank > 1 - falseAlarms) {
        return [{ label: unknown === true ? 'unknown' : unknown, probability: rank, index: -1 }];
      }
    }
    return topPredictions(softmax(scores(embedding)), trained.labels, { topK, threshold: 0 });
  }

  async evaluate(options: FewShotCallOptions): Promise<Evaluation> {
    checkOptions(options, ['signal', 'onProgress'], 'evaluate');
    const examples = this.#examples();
    options.signal?.throwIfAborted();
    const scores = await leftOutScores(this.#model, examples, this.#settings, options);
    const { labels, classes } = examples;
    const confusion = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
    scores.forEach((row, example) => confusion[labels[example]][largest(row)]++);
    const right = confusion.reduce((sum, row, k) => sum + row[k], 0);
    return { accuracy: right / labels.length, examples: labels.length, labels: this.labels, confusion };
  }

  toJSON(): FewShotJSON {
    const fingerprint = this.#fingerprint;
    if (!fingerprint) throw new VitError('invalid-argument', 'There are no examples yet; add some.');
    const weights = this.#isTrained ? this.#trained?.weights : undefined;
    return {
      version: 2,
      backbone: {
        modelType: this.#model.info.modelType,
        dtype: this.#model.info.dtype,
        width: fingerprint.length,
        fingerprint: toBase64(fingerprint),
      },
      ...this.#settings,
      ...(this.pool && { pool: this.pool }),
      labels: this.labels,
      examples: [...this.#classes.values()].map((examples) => toBase64(joined(examples))),
      ...(weights && { weights: toBase64(weights) }),
    };
  }

  async export(options: FewShotCallOptions): Promise<File[]> {
    checkOptions(options, ['signal', 'onProgress'], 'export');
    if (!this.#trained) {
      throw new VitError('invalid-argument', 'There is nothing to export yet: call train() first.');
    }
    return await exported(this.#model, this.#trained, this.pool, options);
  }

  /** Sets examples that are known to be of this model. */
  take(classes: ReadonlyMap<string, readonly Float32Array[]>, fingerprint: Float32Array): void {
    this.#fingerprint = fingerprint;
    this.#keep(classes);
  }

  /** Sets the result of training on the current examples. */
  restore(trained: Trained): void {
    this.#scores = scoresOf(trained.examples, trained.weights, this.#settings);
    this.#trained = trained;
    this.#isTrained = true;
    this.#strangeness = undefined;
  }

  /** The current examples; throws unless there are at least two classes. */
  examples(): Examples {
    return this.#examples();
  }

  async #embedded(
    one: Example | Promise<Float32Array>,
    options: Pick<FewShotAddOptions, 'region' | 'signal'>,
  ): Promise<Float32Array> {
    if (one instanceof Float32Array || one instanceof Promise) return await one;
    return await this.#model.embed(one, { pool: this.pool, ...options });
  }

  #keep(classes: ReadonlyMap<string, readonly Float32Array[]>): void {
    this.#classes = classes;
    this.#isTrained = false;
  }

  #examples(): Examples {
    const classes = [...this.#classes.values()];
    if (classes.length < 2) {
      const has =
        classes.length === 0 ? 'There are no examples yet' : `There is only the class "${this.labels[0]}"`;
      throw new VitError('invalid-argument', `${has}: add examples of at least two classes.`);
    }
    const data = joined(classes.flat());
    const labels = classes.flatMap((examples, k) => examples.map(() => k));
    return { data, width: data.length / labels.length, labels, classes: classes.length };
  }
}

function joined(embeddings: readonly Float32Array[]): Float32Array {
  const width = embeddings[0].length;
  const out = new Float32Array(embeddings.length * width);
  embeddings.forEach((embedding, at) => out.set(embedding, at * width));
  return out;
}

function largest(values: readonly number[]): number {
  return values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
}

function softmax(scores: readonly number[]): Float32Array {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  return Float32Array.from(powers, (power) => power / sum);
}
