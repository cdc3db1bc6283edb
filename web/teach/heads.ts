// Examples → scores, by each method.
import { linearScores } from '../runtime/linear-scores.js';
import type { FewShotCallOptions } from '../types.js';
import type { Backbone } from './backbone.js';
import type { Examples, HeadSettings } from './examples.js';
import { leftOutByRegression, solve } from './logistic.js';
import { neighborsOf, unitRows } from './neighbors.js';
import { leavingOneOut, prototypes } from './prototypes.js';
import { inSlices } from './slices.js';

/** Logits of an embedding: what softmax makes probabilities of. */
export type Scores = (embedding: Float32Array) => number[];

/**
 * The result of training: [classes × (width + 1)], each class's weights followed by its bias, for the methods that
 * amount to a linear layer; undefined for `knn`, which keeps the examples.
 */
export async function trainedWeights(
  model: Backbone,
  examples: Examples,
  { method, l2 }: HeadSettings,
  options: FewShotCallOptions,
): Promise<Float64Array | undefined> {
  if (method === 'logistic') return await solve(model, examples, l2, options);
  return method === 'prototype' ? prototypes(examples) : undefined;
}

/** The trained head. */
export function scoresOf(
  examples: Examples,
  weights: Float64Array | undefined,
  { neighbors }: HeadSettings,
): Scores {
  if (weights) return (embedding) => linearScores(weights, embedding, examples.classes);
  const rows = unitRows(examples);
  return (embedding) => votes(examples, neighborsOf(rows, embedding, neighbors));
}

/** [examples × classes]: the scores of each example by a head trained on all others. */
export async function leftOutScores(
  model: Backbone,
  examples: Examples,
  { method, l2, neighbors }: HeadSettings,
  options: FewShotCallOptions,
): Promise<number[][]> {
  if (method === 'logistic') return await leftOutByRegression(model, examples, l2, options);
  const { data, width, labels } = examples;
  const rows = unitRows(examples);
  const byNeighbors = (at: number) =>
    votes(examples, neighborsOf(rows, data.subarray(at * width, (at + 1) * width), neighbors, at));
  const scoresWithout = method === 'prototype' ? leavingOneOut(examples) : byNeighbors;
  const { signal, onProgress } = options;
  const pause = inSlices(signal);
  const scores: number[][] = [];
  for (const at of labels.keys()) {
    scores.push(scoresWithout(at));
    onProgress?.({ done: scores.length, total: labels.length });
    await pause();
  }
  return scores;
}

/**
 * Temperature of the votes: DINO's, after Wu et al. 2018, "Unsupervised Feature Learning via Instance Discrimination".
 */
const temperature = 0.07;

/** log Σ exp(similarity / T) of each class's neighbors. */
function votes(
  { labels, classes }: Examples,
  neighbors: readonly { readonly index: number; readonly similarity: number }[],
): number[] {
  const sums = Array<number>(classes).fill(0);
  for (const { index, similarity } of neighbors)
    sums[labels[index]] += Math.exp((similarity - 1) / temperature);
  return sums.map(Math.log);
}
