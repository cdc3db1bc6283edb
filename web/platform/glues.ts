import type { Glue } from '../engine/bindings.js';
import type { Instructions } from '../types.js';

/** The glue of each build with one thread, for this one. Written out, because bundlers look for these very words. */
const glues: Record<Instructions, () => Promise<{ default: Glue }>> = {
  relaxed: () => import('./vit.relaxed.js'),
  simd: () => import('./vit.simd.js'),
};

export async function importGlue(variant: Instructions): Promise<Glue> {
  return (await glues[variant]()).default;
}
