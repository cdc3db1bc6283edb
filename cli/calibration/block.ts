// One encoder block in double precision, as far as the inputs of its linear layers need it (cpp/encoder.h).
import { activations, type Activation, type NativeConfig } from '../../web/engine/bindings.js';
import { rowOf, times, transposed, zeros, type Matrix } from './matrices.js';

export interface Norm {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

export interface Layer {
  /** [outputs × inputs] */
  readonly weight: Matrix;
  readonly bias: Float64Array;
}

/** x = x + proj(attention(q, k, v of norm1(x))); x = x + fc2(act(fc1(norm2(x)))) */
export interface Block {
  readonly norm1: Norm;
  readonly q: Layer;
  readonly k: Layer;
  readonly v: Layer;
  readonly proj: Layer;
  /** LayerScale of attention's result. */
  readonly ls1: Float64Array | undefined;
  readonly norm2: Norm;
  readonly fc1: Layer;
  readonly fc2: Layer;
}

/** What the linear layers of a block get, a row per token. */
export interface LayerInputs {
  /** Of queries, keys and values. */
  readonly qkv: Matrix;
  readonly proj: Matrix;
  readonly fc1: Matrix;
  readonly fc2: Matrix;
}

type Sizes = Pick<NativeConfig, 'heads' | 'layerNormEps' | 'activation'>;

/** The inputs of the block's layers for these tokens [tokens × hidden]. */
export function inputsOf(block: Block, tokens: Matrix, sizes: Sizes): LayerInputs {
  const qkv = normed(tokens, block.norm1, sizes.layerNormEps);
  const attended = attend(linear(qkv, block.q), linear(qkv, block.k), linear(qkv, block.v), sizes.heads);
  const added = linear(attended, block.proj);
  added.data.forEach((value, i) => {
    added.data[i] = tokens.data[i] + value * (block.ls1?.[i % tokens.columns] ?? 1);
  });
  const fc1 = normed(added, block.norm2, sizes.layerNormEps);
  const fc2 = linear(fc1, block.fc1);
  const activation = functions[sizes.activation];
  fc2.data.forEach((value, i) => (fc2.data[i] = activation(value)));
  return { qkv, proj: attended, fc1, fc2 };
}

/** A layer norm of every row. */
function normed(x: Matrix, { weight, bias }: Norm, eps: number): Matrix {
  const out = zeros(x.rows, x.columns);
  for (let row = 0; row < x.rows; row++) {
    const values = rowOf(x, row);
    const mean = values.reduce((sum, value) => sum + value, 0) / x.columns;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.columns;
    const factor = 1 / Math.sqrt(variance + eps);
    rowOf(out, row).forEach((_, i, to) => (to[i] = (values[i] - mean) * factor * weight[i] + bias[i]));
  }
  return out;
}

function linear(x: Matrix, { weight, bias }: Layer): Matrix {
  const out = times(x, weight);
  out.data.forEach((value, i) => (out.data[i] = value + bias[i % out.columns]));
  return out;
}

/** softmax(q·kᵀ / √d)·v, head by head. */
function attend(q: Matrix, k: Matrix, v: Matrix, heads: number): Matrix {
  const out = zeros(q.rows, q.columns);
  const size = q.columns / heads;
  for (let head = 0; head < heads; head++) {
    const [queries, keys, values] = [q, k, v].map((all) => columnsOf(all, head * size, size));
    const weights = times(queries, keys);
    for (let row = 0; row < weights.rows; row++) softmax(rowOf(weights, row), 1 / Math.sqrt(size));
    const attended = times(weights, transposed(values));
    for (let row = 0; row < out.rows; row++) rowOf(out, row).set(rowOf(attended, row), head * size);
  }
  return out;
}

function columnsOf(matrix: Matrix, first: number, count: number): Matrix {
  const out = zeros(matrix.rows, count);
  for (let row = 0; row < matrix.rows; row++) {
    rowOf(out, row).set(rowOf(matrix, row).subarray(first, first + count));
  }
  return out;
}

function softmax(scores: Float64Array, factor: number): void {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  scores.forEach((score, i) => (sum += scores[i] = Math.exp((score - largest) * factor)));
  scores.forEach((weight, i) => (scores[i] = weight / sum));
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const functions: Record<Activation, (x: number) => number> = {
  [activations.gelu]: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  [activations.geluTanh]: (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)),
  [activations.quickGelu]: (x) => x * sigmoid(1.702 * x),
  [activations.relu]: (x) => Math.max(x, 0),
  [activations.silu]: (x) => x * sigmoid(x),
};

/** The error function, to 1.5e-7: Abramowitz & Stegun, "Handbook of Mathematical Functions", 7.1.26. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
