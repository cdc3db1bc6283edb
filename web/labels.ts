import type { Prediction } from './types.js';

/** A class nobody named. */
export function defaultLabel(index: number): string {
  return `class ${index}`;
}

/** The `topK` most probable classes, the most probable first; of equals, the first in order. */
export function topPredictions(
  probabilities: Float32Array,
  labels: readonly string[],
  topK: number,
): Prediction[] {
  const order = Array.from(probabilities, (_, index) => index);
  order.sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  return order.slice(0, topK).map((index) => ({
    label: labels[index] ?? defaultLabel(index),
    probability: probabilities[index],
    index,
  }));
}
