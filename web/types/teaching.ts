// What a classifier for the user's own classes takes and returns.
import type { ClassifyOptions, PictureOptions, Prediction, Source } from './calls.js';
import type { Dtype } from './info.js';

/** How examples become a prediction. */
export type FewShotMethod = 'logistic' | 'prototype' | 'knn';

/** Options of {@link Model.fewShot}. */
export interface FewShotOptions {
  /**
   * - `'logistic'` (default): multinomial logistic regression, scikit-learn's `LogisticRegression`. The most accurate
   *   with about ten or more examples per class.
   * - `'prototype'`: by the distance to the mean of each class's examples. Works from a single example.
   * - `'knn'`: by the classes of the most similar examples. For classes whose examples look very different from each
   *   other.
   */
  readonly method?: FewShotMethod | undefined;
  /** Which embedding of the model to use, as in {@link EmbedOptions}. Default: what its own head uses. */
  readonly pool?: 'cls' | 'mean' | undefined;
  /** For `'logistic'`: the strength of L2 regularization, above 0; scikit-learn's 1 / C. Default 1. */
  readonly l2?: number | undefined;
  /** For `'knn'`: how many nearest examples to use. Default 5. */
  readonly neighbors?: number | undefined;
}

/** The progress of `add`, `train` or `evaluate`. */
export interface FewShotProgress {
  /** Examples added or evaluated so far, or steps of training. */
  readonly done: number;
  /** How many there will be; 0 for training, whose length is unknown. */
  readonly total: number;
}

/** Options of {@link FewShot.train} and {@link FewShot.evaluate}. */
export interface FewShotCallOptions {
  /** Cancels the call, which rejects with the signal's reason and changes nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Called as work proceeds. If it throws, the call ends. */
  readonly onProgress?: ((progress: FewShotProgress) => void) | undefined;
}

/** Options of {@link FewShot.add}. */
export type FewShotAddOptions = Omit<PictureOptions, 'latest'> & FewShotCallOptions;

/** Options of {@link FewShot.classify}. */
export interface FewShotClassifyOptions
  extends Omit<PictureOptions, 'latest'>, Pick<ClassifyOptions, 'topK'> {
  /**
   * Whether the answer may be "none of these". For a picture that resembles the examples less than nearly all of them
   * resemble each other (see `falseAlarms`), the only prediction is `{ label: 'unknown', index: -1, probability }`,
   * whose probability is the fraction of the examples that are less unusual. A string is used as the label in place of
   * `'unknown'`. Default false.
   */
  readonly unknown?: boolean | string | undefined;
  /** With `unknown`: the fraction of pictures of the classes that may be taken for unknown, 0 to 1. Default 0.05. */
  readonly falseAlarms?: number | undefined;
}

/** The result of training. */
export interface Training {
  /** The number of examples. */
  readonly examples: number;
  /** The classes, in the order in which they were first added. */
  readonly labels: readonly string[];
}

/** How well a classifier recognizes examples that it has not seen. */
export interface Evaluation {
  /** The fraction of the examples recognized by a classifier trained on all the others, 0 to 1. */
  readonly accuracy: number;
  /** The number of examples. */
  readonly examples: number;
  /** The classes, in the order of rows and columns. */
  readonly labels: readonly string[];
  /** [true class][predicted class]: the number of examples. */
  readonly confusion: readonly (readonly number[])[];
}

/** A few-shot classifier as plain data, for `JSON.stringify`. */
export interface FewShotJSON {
  /** The version of this format: 2, or 1 of a file from before. */
  readonly version: 1 | 2;
  /** The model that made the embeddings. */
  readonly backbone: {
    /** `info.modelType`. */
    readonly modelType: string;
    /** The precision of that model; the other one is accepted as well. */
    readonly dtype: Dtype;
    /** The number of values in an embedding. */
    readonly width: number;
    /** The embedding of a fixed picture, in base64, which identifies the model. */
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
  /** The trained weights; absent before training. Double-precision floats in base64. */
  readonly weights?: string | undefined;
}

/** A picture to learn from or to classify, or its embedding by `embed` of the same model. */
export type Example = Source | Float32Array;

/**
 * A classifier for your own classes, on the embeddings of a model, which does not change. Made by {@link Model.fewShot}
 * or {@link fewShotFromJSON}.
 *
 * Calls are performed one after another, in the order they were made. A call that fails or is aborted changes nothing.
 * Calls reject with a {@link VitError} as the model's verbs do, and with `invalid-argument` if examples are missing or
 * wrong.
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
  /** The classes, in the order in which they were first added. */
  readonly labels: readonly string[];
  /** The number of examples of each class. */
  readonly counts: readonly number[];
  /** Adds examples of a class. The first example creates the class. */
  add(label: string, source: Example | readonly Example[], options?: FewShotAddOptions): Promise<void>;
  /** Removes a class, or one of its examples by its index, from 0. */
  remove(label: string, example?: number): Promise<void>;
  /**
   * Trains the classifier on the examples; call it again after they have changed. `'logistic'` is solved to convergence
   * in the model's worker. Needs at least two classes.
   */
  train(options?: FewShotCallOptions): Promise<Training>;
  /** The most probable classes of a picture, most probable first, according to the latest training. */
  classify(source: Example, options?: FewShotClassifyOptions): Promise<Prediction[]>;
  /**
   * Leave-one-out evaluation: each example is classified by a classifier trained on all the others. A class with one
   * example is never recognized.
   */
  evaluate(options?: FewShotCallOptions): Promise<Evaluation>;
  /** Everything as plain data, including the examples, for {@link fewShotFromJSON} with the same model. */
  toJSON(): FewShotJSON;
  /**
   * The model with the trained classifier as its head: `config.json`, `preprocessor_config.json` and
   * `model.safetensors`, which `load` and Python's `transformers` can open. The weights are read again from the cache
   * or from where the model was loaded. Not available for `'knn'`, which is not a linear layer (`unsupported-option`).
   */
  export(options?: FewShotCallOptions): Promise<File[]>;
}
