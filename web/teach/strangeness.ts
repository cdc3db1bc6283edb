import type { Examples } from './examples.js';
import { inSlices } from './slices.js';
import { whiteningOf, type Whitening } from './whitening.js';

/**
 * How unlike all classes an embedding is: the Mahalanobis distance to the nearest class mean, under one covariance for
 * all (Lee et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples"). It is ranked among the
 * distances of the examples, each with itself left out of its class's mean and of the covariance.
 */
export class Strangeness {
  readonly #whitening: Whitening;
  /** [classes][width], whitened. */
  readonly #means: readonly Float64Array[];
  /** Of examples that are left out, ascending. */
  readonly #usual: Float64Array;

  private constructor(whitening: Whitening, means: readonly Float64Array[], usual: Float64Array) {
    this.#whitening = whitening;
    this.#means = means;
    this.#usual = usual;
  }

  /** Takes seconds for thousands of examples, in slices. */
  static async of(examples: Examples, signal: AbortSignal | undefined): Promise<Strangeness> {
    const pause = inSlices(signal);
    const { data, width, labels, classes } = examples;
    const sizes = Array<number>(classes).fill(0);
    for (const label of labels) sizes[label]++;
    const means = sizes.map(() => new Float64Array(width));
    const rowOf = (example: number) => data.subarray(example * width, (example + 1) * width);
    labels.forEach((label, example) => {
      rowOf(example).forEach((value, i) => (means[label][i] += value / sizes[label]));
    });
    const residuals = labels.map((label, example) => {
      return Float64Array.from(rowOf(example), (value, i) => value - means[label][i]);
    });
    const whitening = await whiteningOf(residuals, width, pause);
    const whitened = means.map((mean) => whitening.apply(mean));
    const distances = new Float64Array(labels.length);
    for (const [example, label] of labels.entries()) {
      distances[example] = distanceWithout(whitening, whitened, rowOf(example), label, sizes[label]);
      await pause();
    }
    return new Strangeness(whitening, whitened, distances.filter(Number.isFinite).sort());
  }

  /** The share of the examples that are less strange, 0 to 1. */
  rankOf(embedding: Float32Array): number {
    const point = this.#whitening.apply(embedding);
    const distance = Math.min(...this.#means.map((mean) => squaredDistance(point, mean)));
    const less = this.#usual.filter((usual) => usual < distance).length;
    return this.#usual.length > 0 ? less / this.#usual.length : 0;
  }
}

/**
 * The squared distance as it would be without this example. Its share u·uᵀ of the covariance is taken away by
 * Sherman and Morrison's formula, and its own class's mean moves away from it by n / (n − 1).
 */
function distanceWithout(
  whitening: Whitening,
  means: readonly Float64Array[],
  example: Float32Array,
  label: number,
  size: number,
): number {
  const point = whitening.apply(example);
  const away = size / (size - 1);
  const residual = difference(point, means[label]);
  // An example that is alone in its class does not contribute to the covariance.
  const share = size > 1 ? whitening.share * away : 0;
  const gain = share / Math.max(1e-9, 1 - share * dot(residual, residual));
  const distances = means.map((mean, k) => {
    const apart = difference(point, mean);
    const squares = dot(apart, apart) + gain * dot(residual, apart) ** 2;
    if (k !== label) return squares;
    return size > 1 ? squares * away ** 2 : Infinity;
  });
  return Math.min(...distances);
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]);
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
