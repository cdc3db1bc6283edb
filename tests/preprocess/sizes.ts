import { plain } from '../../web/checkpoint/families/family.js';
import type { NativeConfig } from '../../web/engine/bindings.js';

/** A network with one patch and hardly anything in it, to preprocess pictures for any size of image. */
export function networkFor(height: number, width: number): NativeConfig {
  return {
    ...plain,
    imageHeight: height,
    imageWidth: width,
    patchHeight: height,
    patchWidth: width,
    hidden: 1,
    layers: 1,
    heads: 1,
    mlpHidden: 1,
    classes: 1,
    layerNormEps: 1e-12,
    activation: 0,
    positionRows: 1,
    positionColumns: 1,
  };
}
