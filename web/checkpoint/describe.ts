import type { ModelInfo } from '../types.js';
import { bytesOf } from './tensors.js';
import type { Checkpoint } from './open.js';
import { takesWords } from './takes-words.js';

/** What a checkpoint says of the model, whatever runs it. */
type Description = Pick<
  ModelInfo,
  | 'license'
  | 'weightBytes'
  | 'modelType'
  | 'imageSize'
  | 'patchSize'
  | 'layers'
  | 'heads'
  | 'hidden'
  | 'embedding'
  | 'words'
  | 'classes'
  | 'labels'
>;

export function describe({ modelType, network, labels, license, weights, names }: Checkpoint): Description {
  const { imageHeight, imageWidth, patchHeight, patchWidth, layers, heads, hidden, classes } = network;
  return {
    license,
    weightBytes: bytesOf(weights),
    modelType,
    imageSize: { height: imageHeight, width: imageWidth },
    patchSize: { height: patchHeight, width: patchWidth },
    layers,
    heads,
    hidden,
    embedding: network.jointWidth || hidden,
    words: takesWords(network) && names.family.texts !== undefined,
    classes,
    labels,
  };
}
