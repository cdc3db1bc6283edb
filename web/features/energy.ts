// How familiar a picture is to a classifier, judged by its logits alone.
import { VitError } from '../errors.js';
import { checkFinite } from './grid.js';

/**
 * The energy of logits, −T · log Σ exp(logit / T) (Liu et al. 2020, "Energy-based Out-of-distribution Detection"): the
 * lower, the more familiar the picture is to the model, so what lies above a threshold is none of its classes. The
 * threshold is yours to choose, from pictures that are of its classes: the energy that 95 % of them are below. Unlike
 * the largest probability it sees how large the logits are, and not only how they compare.
 *
 * For models whose classes exclude each other (softmax). `temperature` is above 0.
 *
 * @example
 * ```ts
 * const threshold = -7.5;
 * const isUnknown = energy(await model.logits(canvas)) > threshold;
 * ```
 */
export function energy(logits: ArrayLike<number>, temperature = 1): number {
  if (logits.length === 0)
    throw new VitError('invalid-argument', 'There are no logits; give those of a picture.');
  checkFinite('The logits have', logits);
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new VitError(
      'invalid-argument',
      `temperature is ${temperature}, but it should be a number above 0.`,
    );
  }
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] - largest) / temperature);
  return -largest - temperature * Math.log(sum);
}
