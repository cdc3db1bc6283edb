// Exponential moving averages of what a verb gives.
import type { ClassifyOptions, Prediction } from '../types.js';

/** The average of what it has been given, in which `smoothing` of each step is the average before. */
export type Average<T> = (next: T) => T;

/** Averages arrays of numbers in place, also as the `data` of an object; with `isUnit`, they are of length 1 again. */
export function averageOfNumbers<T>(smoothing: number, isUnit: boolean): Average<T> {
  let average: Float32Array | undefined;
  return (next) => {
    const values = next instanceof Float32Array ? next : (next as { data: Float32Array }).data;
    if (average) blend(average, values, smoothing);
    average = values.slice();
    if (isUnit) normalize(values);
    return next;
  };
}

/** values ← smoothing · average + (1 − smoothing) · values */
function blend(average: Float32Array, values: Float32Array, smoothing: number): void {
  for (let at = 0; at < values.length; at++) {
    values[at] = smoothing * average[at] + (1 - smoothing) * values[at];
  }
}

function normalize(values: Float32Array): void {
  let length = 0;
  for (const value of values) length += value * value;
  length = Math.sqrt(length);
  if (length > 0) for (let at = 0; at < values.length; at++) values[at] /= length;
}

/** Averages the probabilities of all classes, and gives the `topK` of them that are at least `threshold`. */
export function averageOfPredictions(
  smoothing: number,
  { topK = 5, threshold = 0 }: ClassifyOptions,
): Average<Prediction[]> {
  const average = new Map<number, number>();
  return (next) => {
    const smooth = next.map(({ index, label, probability }) => {
      const before = average.get(index) ?? probability;
      const after = smoothing * before + (1 - smoothing) * probability;
      average.set(index, after);
      return { label, probability: after, index };
    });
    return smooth
      .filter(({ probability }) => probability >= threshold)
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, topK);
  };
}
