// What is kept of a linear layer's inputs over all calibration pictures.
import { addGram, mirror, rowOf, transposed, zeros, type Matrix } from './matrices.js';

export interface Moments {
  /** Of every input, in all tokens alike. */
  readonly mean: Float64Array;
  /** The same with prefix tokens counted as often as they weigh. */
  readonly weightedMean: Float64Array;
  /** Of the inputs about that mean, weighted likewise [inputs × inputs]. */
  readonly covariance: Matrix;
}

/** Collects the moments of `width` inputs. */
export class MomentsOf {
  readonly #gram: Matrix;
  readonly #sum: Float64Array;
  readonly #weightedSum: Float64Array;
  #count = 0;
  #weight = 0;

  constructor(width: number) {
    this.#gram = zeros(width, width);
    this.#sum = new Float64Array(width);
    this.#weightedSum = new Float64Array(width);
  }

  /** Takes rows of inputs, of which the first `prefix` weigh `prefixWeight`, the others 1. */
  add(inputs: Matrix, prefix: number, prefixWeight: number): void {
    const weighted = zeros(inputs.rows, inputs.columns);
    for (let row = 0; row < inputs.rows; row++) {
      const weight = row < prefix ? prefixWeight : 1;
      const factor = Math.sqrt(weight);
      const to = rowOf(weighted, row);
      rowOf(inputs, row).forEach((value, i) => {
        to[i] = value * factor;
        this.#sum[i] += value;
        this.#weightedSum[i] += value * weight;
      });
      this.#weight += weight;
    }
    this.#count += inputs.rows;
    addGram(this.#gram, transposed(weighted));
  }

  /** All of them; `add` must not be called again. */
  end(): Moments {
    const covariance = this.#gram;
    const { data, rows } = covariance;
    mirror(covariance);
    const weightedMean = this.#weightedSum.map((value) => value / this.#weight);
    for (let i = 0; i < data.length; i++) {
      data[i] = data[i] / this.#weight - weightedMean[Math.floor(i / rows)] * weightedMean[i % rows];
    }
    return { mean: this.#sum.map((value) => value / this.#count), weightedMean, covariance };
  }
}
