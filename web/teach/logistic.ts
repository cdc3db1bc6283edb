// Logistic regression by the engine (cpp/logistic_regression.h), in pieces of work, so that other calls can run in
// between.
import type { RegressionProblem } from '../engine/regression.js';
import type { FewShotCallOptions } from '../types.js';
import type { Backbone } from './backbone.js';
import type { Examples } from './examples.js';

/** Steps per piece of work. */
const stepsAtOnce = 100;
/** Far more than the usual 20 to 200; a bound for problems that rounding keeps from converging. */
const mostSteps = 5000;
/** Milliseconds that a piece of leave-one-out should take. */
const pieceTime = 100;

/** [classes × (width + 1)]: the solution, for embeddings as they are. */
export async function solve(
  model: Backbone,
  examples: Examples,
  l2: number,
  options: FewShotCallOptions,
): Promise<Float64Array> {
  const scaling = scalingOf(examples);
  return unscaled(await solveScaled(model, problemOf(examples, scaling, l2), options), scaling, examples);
}

async function solveScaled(
  model: Backbone,
  problem: RegressionProblem,
  { signal, onProgress }: FewShotCallOptions,
): Promise<Float64Array> {
  let start: Float64Array | undefined;
  for (let done = stepsAtOnce; ; done += stepsAtOnce) {
    const options = { ...problem, start, iterations: stepsAtOnce };
    const { data, isSolved } = await model.compute('solveRegression', options, signal);
    if (isSolved || done >= mostSteps) return data;
    onProgress?.({ done, total: 0 });
    start = data;
  }
}

/** [examples][classes]: the scores of each example by a regression on all others. */
export async function leftOutByRegression(
  model: Backbone,
  examples: Examples,
  l2: number,
  { signal, onProgress }: FewShotCallOptions,
): Promise<number[][]> {
  const problem = problemOf(examples, scalingOf(examples), l2);
  const start = await solveScaled(model, problem, { signal });
  const total = examples.labels.length;
  const scores: number[][] = [];
  for (let atOnce = 1; scores.length < total;) {
    const leftOut = [...examples.labels.keys()].slice(scores.length, scores.length + atOnce);
    const began = performance.now();
    const { data } = await model.compute('leaveOneOut', { ...problem, start, leftOut }, signal);
    for (let at = 0; at < data.length; at += examples.classes) {
      scores.push([...data.subarray(at, at + examples.classes)]);
    }
    onProgress?.({ done: scores.length, total });
    const each = (performance.now() - began) / leftOut.length;
    atOnce = Math.max(1, Math.min(4 * atOnce, Math.floor(pieceTime / each)));
  }
  return scores;
}

/** Brings embeddings of every model to the same scale: mean 0, and mean of squares 1. */
interface Scaling {
  readonly mean: Float64Array;
  readonly scale: number;
}

function scalingOf({ data, width, labels }: Examples): Scaling {
  const mean = new Float64Array(width);
  for (let at = 0; at < data.length; at++) mean[at % width] += data[at] / labels.length;
  let squares = 0;
  for (let at = 0; at < data.length; at++) squares += (data[at] - mean[at % width]) ** 2;
  // Where all examples are the same there is nothing to scale.
  return { mean, scale: squares > 0 ? Math.sqrt(data.length / squares) : 1 };
}

function problemOf({ data, width, labels, classes }: Examples, { mean, scale }: Scaling, l2: number) {
  return {
    examples: data.map((value, at) => (value - mean[at % width]) * scale),
    labels,
    classes,
    l2,
  } satisfies RegressionProblem;
}

/** The same scores for embeddings as they are: W·(x − mean)·scale + b. */
function unscaled(
  weights: Float64Array,
  { mean, scale }: Scaling,
  { width, classes }: Examples,
): Float64Array {
  const out = weights.map((weight) => weight * scale);
  for (let k = 0; k < classes; k++) {
    const bias = k * (width + 1) + width;
    out[bias] = weights[bias];
    for (let i = 0; i < width; i++) out[bias] -= out[k * (width + 1) + i] * mean[i];
  }
  return out;
}
