// The part of a few-shot classifier that every page downloads: it reads pictures at the time of the call, and passes
// calls on, one after another, to teacher.ts, which is loaded when a classifier is made.
import { checkIsOptions, checkSignal } from '../call-options.js';
import { VitError } from '../errors.js';
import { limited } from '../patience.js';
import type {
  Example,
  FewShot,
  FewShotAddOptions,
  FewShotCallOptions,
  FewShotClassifyOptions,
  FewShotOptions,
} from '../types.js';
import type { Backbone } from './backbone.js';
import type { Teacher } from './teacher.js';

export class LazyFewShot implements FewShot {
  readonly #model: Backbone;
  readonly #pool: FewShotOptions['pool'];
  #teacher: Teacher | undefined;
  /** Settles when every call made so far has settled. */
  #queue: Promise<Teacher>;

  constructor(model: Backbone, pool: FewShotOptions['pool'], loading: Promise<Teacher>) {
    this.#model = model;
    this.#pool = pool;
    this.#queue = loading.then((teacher) => (this.#teacher = teacher));
    this.#queue.catch(() => undefined);
  }

  get labels() {
    return this.#teacher?.labels ?? [];
  }

  get counts() {
    return this.#teacher?.counts ?? [];
  }

  async add(label: string, source: Example | readonly Example[], options: FewShotAddOptions = {}) {
    checkIsOptions(options, ['region'], 'add');
    // The caller may use its arrays again.
    const example = Array.isArray(source)
      ? source.map((one: Example) => (one instanceof Float32Array ? one.slice() : one))
      : this.#embed(source as Example, options);
    return await this.#inTurn((teacher) => teacher.add(label, example, options), options);
  }

  remove(label: string, example?: number) {
    return this.#inTurn((teacher) => teacher.remove(label, example));
  }

  async train(options: FewShotCallOptions = {}) {
    return await this.#inTurn((teacher) => teacher.train(options), options);
  }

  async classify(source: Example, options: FewShotClassifyOptions = {}) {
    checkIsOptions(options, ['topK'], 'classify');
    const example = this.#embed(source, options);
    return await this.#inTurn((teacher) => teacher.classify(example, options), options);
  }

  async evaluate(options: FewShotCallOptions = {}) {
    return await this.#inTurn((teacher) => teacher.evaluate(options), options);
  }

  toJSON() {
    if (this.#teacher) return this.#teacher.toJSON();
    throw new VitError('invalid-argument', 'There are no examples yet; add some.');
  }

  async export(options: FewShotCallOptions = {}) {
    return await this.#inTurn((teacher) => teacher.export(options), options);
  }

  /** Starts at once: a canvas may show something else later. */
  #embed(source: Example, { region, signal }: FewShotAddOptions) {
    if (source instanceof Float32Array) return source.slice();
    const embedding = this.#model.embed(source, { pool: this.#pool, region, signal });
    embedding.catch(() => undefined);
    return embedding;
  }

  /** Does work after all earlier calls; an abort is heard before its turn, too. */
  #inTurn<T>(work: (teacher: Teacher) => T | Promise<T>, options?: FewShotCallOptions): Promise<T> {
    const signal = options?.signal;
    checkSignal(signal);
    const turn = this.#queue.then(work);
    const before = this.#queue;
    this.#queue = turn.then(
      () => before,
      () => before,
    );
    this.#queue.catch(() => undefined);
    return limited(turn, { signal });
  }
}

/** See {@link Model.fewShot}. */
export function fewShot(model: Backbone, options: FewShotOptions = {}): FewShot {
  checkIsOptions(options, ['method'], 'fewShot');
  const loading = import('./teaching.js').then(({ Teacher }) => new Teacher(model, options));
  return new LazyFewShot(model, options.pool, loading);
}

/** Restores a classifier that `toJSON` saved, for the same model. */
export async function fewShotFromJSON(model: Backbone, json: unknown): Promise<FewShot> {
  const { restore } = await import('./teaching.js');
  const teacher = await restore(model, json);
  return new LazyFewShot(model, teacher.pool, Promise.resolve(teacher));
}
