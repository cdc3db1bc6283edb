import type { Glue } from './module.js';
import type { Variant } from './types.js';

/** The glue of each build, for this thread. Written out, because bundlers look for these very words. */
const glues: Record<Variant, () => Promise<{ default: Glue }>> = {
  relaxed: () => import('./vit.relaxed.js'),
  simd: () => import('./vit.simd.js'),
};

export async function importGlue(variant: Variant): Promise<Glue> {
  return (await glues[variant]()).default;
}
