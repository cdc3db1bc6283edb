import { poolings, type NativeConfig } from '../engine/bindings.js';

/** Whether a model's pictures have embeddings that are comparable with those of texts. */
export function takesWords({ classes, jointWidth, pooling }: NativeConfig): boolean {
  return classes === 0 && (jointWidth > 0 || pooling === poolings.attention);
}
