// A block with the moments of its layers' inputs → the contents of its slots in an int8 model.
import type { Bindings } from '../../web/engine/bindings.js';
import type { Block, Layer, Norm } from './block.js';
import type { BlockMoments } from './equalize.js';
import { rowOf, type Matrix } from './matrices.js';
import type { Moments } from './moments.js';
import { rotate, rotatedCovariance, rotateRows } from './rotation.js';
import { errorFeed, roundWeights, type ErrorFeed } from './rounding.js';
import type { Contents } from './slots.js';
import { fromHalf } from '../../web/checkpoint/formats/floats.js';
import { halfBits } from '../half.js';

/** The contents of the slots `name`.* (cpp/weight_slots.h). */
export function quantizedBlock(
  name: string,
  block: Block,
  moments: BlockMoments,
  bindings: Bindings,
): [slot: string, contents: Contents][] {
  const { qkv, proj, fc1, fc2 } = moments;
  const norm = (slot: string, { weight, bias }: Norm): [string, Contents][] => [
    [`${name}.${slot}.weight`, weight],
    [`${name}.${slot}.bias`, bias],
  ];
  const layers = (inputs: Moments, named: Readonly<Record<string, Layer>>): [string, Contents][] => {
    const mean = inputs.weightedMean.slice();
    rotate(mean);
    const feed = errorFeed(rotatedCovariance(inputs.covariance));
    return Object.entries(named).flatMap(([slot, layer]): [string, Contents][] => {
      const { weight, bias } = quantizedLayer(layer, feed, mean, bindings);
      return [
        [`${name}.${slot}.weight`, weight],
        [`${name}.${slot}.bias`, bias],
      ];
    });
  };
  return [
    ...norm('norm1', block.norm1),
    ...layers(qkv, { 'attn.q': block.q, 'attn.k': block.k, 'attn.v': block.v }),
    ...layers(proj, { 'attn.proj': block.proj }),
    ...norm('norm2', block.norm2),
    ...layers(fc1, { 'mlp.fc1': block.fc1 }),
    ...layers(fc2, { 'mlp.fc2': block.fc2 }),
  ];
}

/**
 * A layer with the engine's scales, in half precision as files have them, and codes whose outputs are nearest to its own.
 * The mean of what rounding does to an output goes into its bias. `mean`: of the rotated inputs.
 */
function quantizedLayer(
  { weight, bias }: Layer,
  feed: ErrorFeed,
  mean: Float64Array,
  bindings: Bindings,
): { readonly weight: Contents; readonly bias: Contents } {
  const exact = bindings.quantizeMatrix(Float32Array.from(weight.data), weight.columns).scales;
  const scales = Float64Array.from(exact, (scale) => fromHalf(halfBits(scale)));
  const rotated: Matrix = { ...weight, data: weight.data.slice() };
  rotateRows(rotated);
  const codes = roundWeights(rotated, scales, feed);
  const lost = (output: number) =>
    rowOf(rotated, output).reduce(
      (sum, value, i) => sum + (value - scales[output] * codes[output * weight.columns + i]) * mean[i],
      0,
    );
  return { weight: { codes, scales }, bias: bias.map((value, output) => value + lost(output)) };
}
