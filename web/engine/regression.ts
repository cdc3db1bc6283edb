import { VitError } from '../errors.js';
import type { Bindings, NativeRegression } from './bindings.js';

/** Examples of classes, for a logistic regression; cpp/logistic_regression.h. */
export interface RegressionProblem {
  /** [examples × width], with values of a magnitude of about 1. */
  readonly examples: Float32Array;
  /** The class of each example: 0 to `classes` − 1. */
  readonly labels: readonly number[];
  /** At least 2. */
  readonly classes: number;
  /** The strength of the L2 penalty: scikit-learn's 1 / C. */
  readonly l2: number;
  /** [classes × (width + 1)]: weights to start from, each class's bias behind its own. Default: 0. */
  readonly start?: Float64Array | undefined;
}

/** A logistic regression in an engine's memory. */
export class Regression {
  readonly #bindings: Bindings;
  readonly #native: NativeRegression;
  readonly #size: number;

  constructor(bindings: Bindings, { examples, labels, classes, l2, start }: RegressionProblem) {
    this.#bindings = bindings;
    const width = labels.length > 0 ? examples.length / labels.length : 0;
    this.#size = classes * (width + 1);
    this.#native = new bindings.LogisticRegression();
    try {
      refuse(this.#native.begin(labels.length, width, classes, l2));
      bindings.HEAPF32.set(examples, this.#native.examplesPointer() / 4);
      new Int32Array(bindings.HEAPU8.buffer).set(labels, this.#native.labelsPointer() / 4);
      refuse(this.#native.pack());
    } catch (error) {
      this.dispose();
      throw error;
    }
    if (start) this.weights = start;
  }

  /** [classes × (width + 1)]: a copy. */
  get weights(): Float64Array {
    return this.#view().slice();
  }

  set weights(weights: Float64Array) {
    this.#view().set(weights);
  }

  /** Continues from the current weights for at most so many iterations; returns whether it has converged. */
  solve(iterations: number): boolean {
    return this.#native.solve(iterations);
  }

  /** The example that is left out; none at first. */
  set leftOut(example: number | undefined) {
    this.#native.leftOut = example ?? -1;
  }

  dispose(): void {
    this.#native.delete();
  }

  #view(): Float64Array {
    return new Float64Array(this.#bindings.HEAPU8.buffer, this.#native.weightsPointer(), this.#size);
  }
}

function refuse(complaint: string): void {
  if (complaint) throw new VitError('invalid-argument', `The examples ${complaint}.`);
}
