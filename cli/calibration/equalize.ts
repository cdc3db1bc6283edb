// Changes of a block that leave what it computes as it is, and make its numbers easier to round to bytes.
import type { Block, Layer, Norm } from './block.js';
import { rowOf, zeros, type Matrix } from './matrices.js';
import type { Moments } from './moments.js';

/** The moments of the inputs of a block's layers. */
export interface BlockMoments {
  readonly qkv: Moments;
  readonly proj: Moments;
  readonly fc1: Moments;
  readonly fc2: Moments;
}

/** Neurons that a rotation mixes: cpp/kernels/quantization.h. */
const rotatedTogether = 64;

/** The largest factor by which attention heads are scaled. */
const largestFactor = 4;

/**
 * The block, and the moments of its layers' inputs, with
 *
 * - the inputs' means moved into the layers' biases: what is rounded is centered on 0;
 * - the attention heads brought to one size, as all heads of a token share a scale;
 * - the MLP's neurons in another order, in which each block that is rotated together has as much energy as any other.
 */
export function equalized(block: Block, moments: BlockMoments, heads: number): [Block, BlockMoments] {
  const { qkv, proj, fc1, fc2 } = moments;
  const factors = headFactors(proj, heads);
  const order = dealt(fc2);
  const v = unshifted(block.v, qkv.mean);
  return [
    {
      ...block,
      norm1: shiftedNorm(block.norm1, qkv.mean),
      q: unshifted(block.q, qkv.mean),
      k: unshifted(block.k, qkv.mean),
      v: scaledOutputs({ ...v, bias: minus(v.bias, proj.mean) }, factors),
      proj: unscaledInputs(unshifted(block.proj, proj.mean), factors),
      norm2: shiftedNorm(block.norm2, fc1.mean),
      fc1: reorderedOutputs(unshifted(block.fc1, fc1.mean), order),
      fc2: { ...block.fc2, weight: mapped(block.fc2.weight, (row) => inOrder(row, order)) },
    },
    {
      qkv: shifted(qkv),
      proj: scaled(shifted(proj), factors),
      fc1: shifted(fc1),
      fc2: reordered(fc2, order),
    },
  ];
}

/** For every input of the projection, what its head is multiplied by: all heads get the same mean energy. */
function headFactors({ covariance }: Moments, heads: number): Float64Array {
  const { data, rows } = covariance;
  const size = rows / heads;
  const energies = Array.from({ length: heads }, (_, head) => {
    let sum = 0;
    for (let i = head * size; i < (head + 1) * size; i++) sum += data[i * rows + i];
    return Math.sqrt(sum / size);
  });
  const mean = energies.reduce((a, b) => a + b, 0) / heads;
  const factors = energies.map((energy) =>
    mean > 0 ? Math.min(largestFactor, Math.max(1 / largestFactor, mean / energy)) : 1,
  );
  return Float64Array.from({ length: rows }, (_, i) => factors[Math.floor(i / size)]);
}

/** The neurons dealt to the blocks like cards, there and back, those with most energy first. */
function dealt({ weightedMean, covariance }: Moments): Int32Array {
  const count = covariance.rows;
  const energy = (i: number) => covariance.data[i * count + i] + weightedMean[i] ** 2;
  const hands = Math.floor(count / rotatedTogether);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  if (hands < 2) return order;
  const byEnergy = order.slice().sort((a, b) => energy(b) - energy(a));
  // What is left over is not rotated with the others: the least.
  for (let i = 0; i < hands * rotatedTogether; i++) {
    const round = Math.floor(i / hands);
    const hand = round % 2 ? hands - 1 - (i % hands) : i % hands;
    order[hand * rotatedTogether + round] = byEnergy[i];
  }
  order.set(byEnergy.subarray(hands * rotatedTogether), hands * rotatedTogether);
  return order;
}

const inOrder = (values: Float64Array, order: Int32Array) => Float64Array.from(order, (i) => values[i]);

const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);

function mapped(matrix: Matrix, change: (row: Float64Array, index: number) => Float64Array): Matrix {
  const out = zeros(matrix.rows, matrix.columns);
  for (let row = 0; row < matrix.rows; row++) rowOf(out, row).set(change(rowOf(matrix, row), row));
  return out;
}

/** The norm whose results are less by `mean`. */
function shiftedNorm({ weight, bias }: Norm, mean: Float64Array): Norm {
  return { weight, bias: minus(bias, mean) };
}

/** The layer that gives the same for inputs that are less by `mean`. */
function unshifted({ weight, bias }: Layer, mean: Float64Array): Layer {
  const part = (output: number) => rowOf(weight, output).reduce((sum, value, i) => sum + value * mean[i], 0);
  return { weight, bias: bias.map((value, output) => value + part(output)) };
}

/** The layer whose outputs are multiplied by factors. */
function scaledOutputs({ weight, bias }: Layer, factors: Float64Array): Layer {
  return {
    weight: mapped(weight, (row, output) => row.map((value) => value * factors[output])),
    bias: bias.map((value, output) => value * factors[output]),
  };
}

/** The layer that gives the same for inputs that were multiplied by factors. */
function unscaledInputs({ weight, bias }: Layer, factors: Float64Array): Layer {
  return { weight: mapped(weight, (row) => row.map((value, i) => value / factors[i])), bias };
}

function reorderedOutputs({ weight, bias }: Layer, order: Int32Array): Layer {
  return {
    weight: mapped(weight, (_, output) => rowOf(weight, order[output])),
    bias: inOrder(bias, order),
  };
}

/** The moments of inputs that are less by their mean. */
function shifted({ mean, weightedMean, covariance }: Moments): Moments {
  return { mean: new Float64Array(mean.length), weightedMean: minus(weightedMean, mean), covariance };
}

/** The moments of inputs that are multiplied by factors. */
function scaled({ mean, weightedMean, covariance }: Moments, factors: Float64Array): Moments {
  return {
    mean: mean.map((value, i) => value * factors[i]),
    weightedMean: weightedMean.map((value, i) => value * factors[i]),
    covariance: mapped(covariance, (row, i) => row.map((value, j) => value * factors[i] * factors[j])),
  };
}

/** The moments of inputs in another order. */
function reordered({ mean, weightedMean, covariance }: Moments, order: Int32Array): Moments {
  return {
    mean: inOrder(mean, order),
    weightedMean: inOrder(weightedMean, order),
    covariance: mapped(covariance, (_, i) => inOrder(rowOf(covariance, order[i]), order)),
  };
}
