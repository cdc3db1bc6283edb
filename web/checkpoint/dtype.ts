// How the encoder's weights are kept in memory: as the caller wishes, or as the file has them.
import { VitError } from '../errors.js';
import type { Dtype } from '../types.js';
import type { Checkpoint } from './open.js';

/** The checkpoint with the network to be of `dtype`; without one, of the file's own. */
export function inDtype(checkpoint: Checkpoint, dtype: Dtype | undefined): Checkpoint {
  const stored = isQuantized(checkpoint);
  if (stored && [...checkpoint.names.surplus].some((name) => name.endsWith('.weight_scale'))) {
    throw new VitError(
      'unsupported-format',
      `${checkpoint.weights.name} holds int8 weights in the format of an earlier version; convert the original model again.`,
    );
  }
  if (stored && dtype === 'fp32') {
    throw new VitError(
      'unsupported-option',
      `${checkpoint.weights.name} holds int8 weights, which cannot become fp32; leave out \`dtype\`.`,
    );
  }
  return { ...checkpoint, network: { ...checkpoint.network, int8: stored || dtype === 'int8' } };
}

function isQuantized({ weights, names }: Checkpoint): boolean {
  return weights.tensors.some(({ name, dtype }) => dtype === 'I8' && names.slots.has(name));
}
