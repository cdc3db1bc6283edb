// Weights → int8 codes, one input after another, each making up for what rounding those before it did to the outputs
// (GPTQ: Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers").
//
// With H the covariance of a layer's inputs and e the errors of a row's weights, the variance of what they do to the output
// is eᵀ·H·e. With
// H = Uᵀ·U and U upper triangular that is Σᵢ (Uᵢᵢ·eᵢ + Σⱼ Uᵢⱼ·eⱼ)², j > i. From the last input to the first, each sum
// over j is known when eᵢ is chosen, and the weight is rounded after it has been moved by −Σⱼ Uᵢⱼ·eⱼ / Uᵢᵢ: what
// GPTQ's inverse of H comes to, without an inverse.
import { VitError } from '../../web/errors.js';
import { dot, rowOf, zeros, type Matrix } from './matrices.js';

/** In parts of H's mean diagonal, what is added to it: calibration pictures are not all there are. */
const damping = 0.01;

/** Codes are at most this. */
const largestCode = 127;

/** Codes of one sign in a group of four inputs add up to at most this: kLargestSharedSum of cpp/kernels/quantization.h. */
const largestSharedSum = 258;

/** How errors of a layer's weights make up for each other. */
export interface ErrorFeed {
  /** Which input is in each place; the last place is rounded first: that of the input with most energy. */
  readonly order: Int32Array;
  /** Uᵢⱼ / Uᵢᵢ, by places. */
  readonly factors: Matrix;
}

/** From the covariance of the layer's inputs. Cost: inputs³ / 6 multiply-adds. */
export function errorFeed({ data, rows: inputs }: Matrix): ErrorFeed {
  const energy = (input: number) => data[input * inputs + input];
  const order = Int32Array.from({ length: inputs }, (_, input) => input).sort(
    (a, b) => energy(a) - energy(b),
  );
  const mean = order.reduce((sum, input) => sum + energy(input), 0) / inputs;
  // Inputs that are always 0 have no influence.
  const floor = damping * mean || 1;
  // Uᵀ, row by row (Cholesky).
  const lower = zeros(inputs, inputs);
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j <= i; j++) {
      const known = dot(lower.data, i * inputs, lower.data, j * inputs, j);
      const rest = data[order[i] * inputs + order[j]] + (i === j ? floor : 0) - known;
      if (i === j && !(rest > 0)) throw notFinite();
      lower.data[i * inputs + j] = i === j ? Math.sqrt(rest) : rest / lower.data[j * inputs + j];
    }
  }
  const factors = zeros(inputs, inputs);
  for (let i = 0; i < inputs; i++) {
    for (let j = i + 1; j < inputs; j++) {
      factors.data[i * inputs + j] = lower.data[j * inputs + i] / lower.data[i * inputs + i];
    }
  }
  return { order, factors };
}

/**
 * The codes [outputs × inputs] of weights, whose values are codes times the scale of their output. They fit the engine's
 * product. Cost: outputs · inputs² / 2 multiply-adds.
 */
export function roundWeights(weights: Matrix, scales: ArrayLike<number>, feed: ErrorFeed): Int8Array {
  const codes = new Int8Array(weights.data.length);
  for (let output = 0; output < weights.rows; output++) {
    const first = output * weights.columns;
    roundRow(codes.subarray(first, first + weights.columns), rowOf(weights, output), scales[output], feed);
  }
  return codes;
}

function roundRow(
  codes: Int8Array,
  weights: Float64Array,
  scale: number,
  { order, factors }: ErrorFeed,
): void {
  const inputs = weights.length;
  const errors = new Float64Array(inputs);
  const sums = {
    positive: new Int32Array(2 * Math.ceil(inputs / 8)),
    negative: new Int32Array(2 * Math.ceil(inputs / 8)),
  };
  for (let place = inputs - 1; place >= 0; place--) {
    const input = order[place];
    const group = sharedGroup(input);
    const owed = dot(factors.data, place * inputs + place + 1, errors, place + 1, inputs - place - 1);
    const lowest = Math.max(-largestCode, sums.negative[group] - largestSharedSum);
    const highest = Math.min(largestCode, largestSharedSum - sums.positive[group]);
    const wanted = scale > 0 ? Math.round((weights[input] - owed) / scale) : 0;
    const code = Math.min(highest, Math.max(lowest, wanted));
    codes[input] = code;
    sums[code > 0 ? 'positive' : 'negative'][group] += Math.abs(code);
    errors[place] = scale * code - weights[input];
  }
}

/** Of every eight inputs, those that are 0 or 1 after a multiple of four, and the others. */
function sharedGroup(input: number): number {
  return 2 * Math.floor(input / 8) + (Math.floor(input / 2) % 2);
}

function notFinite(): VitError {
  return new VitError('tensors', 'The model cannot be calibrated: some of its activations are not finite.');
}
