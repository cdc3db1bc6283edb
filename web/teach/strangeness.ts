import type { Examples } from './heads.js';
import { neighborsOf, unitRows, type UnitRows } from './neighbors.js';

/** How many of the nearest examples count. */
const nearest = 5;
/** Examples by which the scale is made; of more, these many evenly spread ones say nearly the same. */
const mostCalibrating = 500;

/**
 * How unlike all examples an embedding is: the mean cosine distance to the nearest of them (Sun et al. 2022,
 * "Out-of-Distribution Detection with Deep Nearest Neighbors"), ranked among what the examples themselves have to each
 * other.
 */
export class Strangeness {
  readonly #rows: UnitRows;
  /** Of examples without themselves, ascending. */
  readonly #usual: Float64Array;

  constructor(examples: Examples) {
    const { data, width, labels } = examples;
    this.#rows = unitRows(examples);
    const step = Math.max(1, labels.length / mostCalibrating);
    const chosen = Array.from({ length: Math.min(labels.length, mostCalibrating) }, (_, i) =>
      Math.floor(i * step),
    );
    this.#usual = Float64Array.from(chosen, (example) =>
      this.#distance(data.subarray(example * width, (example + 1) * width), example),
    ).sort();
  }

  /** The part of the examples that are less strange, 0 to 1. */
  rankOf(embedding: Float32Array): number {
    const distance = this.#distance(embedding);
    const less = this.#usual.filter((usual) => usual < distance).length;
    return less / this.#usual.length;
  }

  #distance(embedding: Float32Array, leftOut?: number): number {
    const found = neighborsOf(this.#rows, embedding, nearest, leftOut);
    return found.reduce((sum, { similarity }) => sum + 1 - similarity, 0) / found.length;
  }
}
