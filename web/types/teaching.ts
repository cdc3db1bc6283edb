// What a classifier of the user's own classes takes and gives.
import type { ClassifyOptions, PictureOptions, Prediction, Source } from './calls.js';
import type { Dtype } from './info.js';

/** How examples become an answer. */
export type FewShotMethod = 'logistic' | 'prototype' | 'knn';

/** Options of {@link Model.fewShot}. */
export interface FewShotOptions {
  /**
   * - `'logistic'` (default): multinomial logistic regression, scikit-learn's `LogisticRegression`. The most accurate from
   *   about ten examples a class on.
   * - `'prototype'`: how near the mean of a class's examples is. Good from a single example on.
   * - `'knn'`: which classes the most similar examples have. For classes of very different looks.
   */
  readonly method?: FewShotMethod | undefined;
  /** As in {@link EmbedOptions}: which embedding of the model is used. Default: what its own head sees. */
  readonly pool?: 'cls' | 'mean' | undefined;
  /** Of `'logistic'`: how strongly weights are kept small, above 0; scikit-learn's 1 / C. Default 1. */
  readonly l2?: number | undefined;
  /** Of `'knn'`: how many examples are asked. Default 5. */
  readonly neighbors?: number | undefined;
}

/** How far `add`, `train` or `evaluate` has come. */
export interface FewShotProgress {
  /** Examples that were added or evaluated, or steps of training. */
  readonly done: number;
  /** How many there will be; of training, whose end is not known, 0. */
  readonly total: number;
}

/** Options of {@link FewShot.train} and {@link FewShot.evaluate}. */
export interface FewShotCallOptions {
  /** Ends the call, which rejects with the signal's reason and changes nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Called as work goes on. What it throws ends the call. */
  readonly onProgress?: ((progress: FewShotProgress) => void) | undefined;
}

/** Options of {@link FewShot.add}. */
export type FewShotAddOptions = PictureOptions & FewShotCallOptions;

/** Options of {@link FewShot.classify}. */
export interface FewShotClassifyOptions extends PictureOptions, Pick<ClassifyOptions, 'topK'> {
  /**
   * Whether the answer may be "none of these": for a picture that is less like the examples than nearly all of them are
   * like each other (see `falseAlarms`), the one prediction is `{ label: 'unknown', index: -1, probability }`, whose
   * probability is the part of the examples that are less strange. A string is the label to use instead of `'unknown'`.
   * Default false.
   */
  readonly unknown?: boolean | string | undefined;
  /** With `unknown`: which part of pictures of the classes may be taken for unknown, 0 to 1. Default 0.05. */
  readonly falseAlarms?: number | undefined;
}

/** What training has come to. */
export interface Training {
  /** How many examples there were. */
  readonly examples: number;
  /** The classes, in the order in which they were added first. */
  readonly labels: readonly string[];
}

/** How well examples are recognised by a classifier that has not seen them. */
export interface Evaluation {
  /** The part of the examples that is recognised by what all others teach, 0 to 1. */
  readonly accuracy: number;
  /** How many examples there were. */
  readonly examples: number;
  /** The classes, in the order of rows and columns. */
  readonly labels: readonly string[];
  /** [true class][predicted class]: how many examples. */
  readonly confusion: readonly (readonly number[])[];
}

/** A classifier of one's own classes as plain data, for `JSON.stringify`. */
export interface FewShotJSON {
  /** The version of this form. */
  readonly version: 1;
  /** What made the embeddings. */
  readonly backbone: {
    /** `info.modelType`. */
    readonly modelType: string;
    /** Of the model then; one in the other precision is accepted. */
    readonly dtype: Dtype;
    /** The values of an embedding. */
    readonly width: number;
    /** The embedding of a picture that is always the same, in base64: another model gives another. */
    readonly fingerprint: string;
  };
  /** As in {@link FewShotOptions}. */
  readonly method: FewShotMethod;
  /** As in {@link FewShotOptions}. */
  readonly pool?: 'cls' | 'mean' | undefined;
  /** As in {@link FewShotOptions}. */
  readonly l2: number;
  /** As in {@link FewShotOptions}. */
  readonly neighbors: number;
  /** The classes, in order. */
  readonly labels: readonly string[];
  /** The examples of each class: [examples × width] single-precision floats in base64. */
  readonly examples: readonly string[];
  /** What was trained; absent before. Double-precision floats in base64. */
  readonly weights?: string | undefined;
}

/** A picture to learn from or to classify; or its embedding, by the same model's `embed`. */
export type Example = Source | Float32Array;

/**
 * A classifier of one's own classes, on the embeddings of a model, which stays as it is. Made by {@link Model.fewShot} or
 * {@link fewShotFromJSON}.
 *
 * Calls are performed one after another, in the order they were made. One that fails or is aborted changes nothing. They
 * reject with a {@link VitError}: as the model's verbs do, and `invalid-argument` where examples are missing or wrong.
 *
 * @example
 * ```ts
 * const own = model.fewShot();
 * await own.add('my mug', [canvas, photo]);
 * await own.add("Ann's mug", other);
 * await own.train();
 * const [best] = await own.classify(video); // { label: 'my mug', probability: 0.93, index: 0 }
 * ```
 */
export interface FewShot {
  /** The classes, in the order in which they were added first. */
  readonly labels: readonly string[];
  /** How many examples each of them has. */
  readonly counts: readonly number[];
  /** Adds examples of a class; a class begins with its first. */
  add(label: string, source: Example | readonly Example[], options?: FewShotAddOptions): Promise<void>;
  /** Removes a class, or one of its examples by its number, counted from 0. */
  remove(label: string, example?: number): Promise<void>;
  /**
   * Learns from the examples; to be called again after they have changed. `'logistic'` is solved to convergence in the
   * model's worker. Needs two classes.
   */
  train(options?: FewShotCallOptions): Promise<Training>;
  /** The most probable classes of a picture, the most probable first, by what was trained last. */
  classify(source: Example, options?: FewShotClassifyOptions): Promise<Prediction[]>;
  /** Leave-one-out: each example is classified by what all others teach. Classes need two examples to be right. */
  evaluate(options?: FewShotCallOptions): Promise<Evaluation>;
  /** Everything as plain data, examples included, for {@link fewShotFromJSON} with the same model. */
  toJSON(): FewShotJSON;
  /**
   * The model with what was trained as its head: `config.json`, `preprocessor_config.json` and `model.safetensors`, which
   * `load` and Python's `transformers` open. The weights are read again from where the model was loaded, or its cache.
   * Not of `'knn'`, which is no linear layer (`unsupported-option`).
   */
  export(options?: FewShotCallOptions): Promise<File[]>;
}
