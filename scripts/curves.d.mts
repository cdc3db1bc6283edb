import type { Model, RawImage } from '../web/index.js';

export interface Areas {
  deletion: number;
  insertion: number;
}

export function curvesOf(
  model: Model,
  pictures: readonly RawImage[],
  shares?: readonly number[],
): Promise<Record<'explain' | 'attention' | 'rollout' | 'random', Areas>>;
