import { VitError } from '../errors.js';
import { shown } from '../shown.js';
import {
  checkCount,
  checkFinite,
  patchesOf,
  type PatchClasses,
  type PatchMap,
  type TokenGrid,
} from './grid.js';
import { kMeans } from './k-means.js';

/** Options of {@link masks} of tokens. */
export interface ClusterOptions {
  /** How many clusters, 2 to 255. Default 2, or as many as `centers` has. */
  readonly count?: number | undefined;
  /**
   * [count][hidden]: where to start, such as the `centers` of the frame before, which keep their numbers then. Default:
   * patches chosen without chance, the same for the same tokens.
   */
  readonly centers?: ArrayLike<number> | undefined;
}

/** Areas of similar patches. */
export interface PatchClusters extends PatchClasses {
  /** [count][hidden]: the mean of each cluster's tokens. */
  readonly centers: Float32Array;
}

/** Options of {@link masks} of a map. */
export interface ThresholdOptions {
  /** Patches with a greater value are inside. Default: Otsu's, which divides the values into two groups best. */
  readonly threshold?: number | undefined;
}

/** The patches above a threshold. */
export interface ThresholdMask extends PatchClasses {
  /** What was given, or Otsu's. */
  readonly threshold: number;
}

/**
 * Divides a picture into areas of similar patches: k-means of the patch tokens, as `sklearn.cluster.KMeans` computes it
 * from the same seeds, except that a cluster which has lost all its patches keeps its center.
 *
 * @example
 * ```ts
 * const { data, centers } = masks(await model.tokens(canvas), { count: 4 });
 * data[row * columns + column]; // 0 to 3
 * ```
 */
export function masks(tokens: TokenGrid, options?: ClusterOptions): PatchClusters;
/**
 * The patches whose value is above a threshold, as a mask of 1 and 0: of a map that `patchSimilarity`, `attention` or
 * `explain` gave.
 */
export function masks(map: PatchMap, options?: ThresholdOptions): ThresholdMask;
export function masks(
  input: TokenGrid | PatchMap,
  options: ClusterOptions & ThresholdOptions = {},
): PatchClusters | ThresholdMask {
  return 'hidden' in input ? clusters(input, options) : above(input, options);
}

function clusters(tokens: TokenGrid, { count, centers: from }: ClusterOptions): PatchClusters {
  const patches = patchesOf(tokens);
  const { hidden, rows, columns } = tokens;
  const wanted = count ?? (from ? from.length / hidden : 2);
  checkCount('count', wanted, 2, Math.min(255, rows * columns));
  if (from && from.length !== wanted * hidden) {
    throw new VitError(
      'invalid-argument',
      `centers has ${from.length} values, but ${wanted} centers of ${hidden} are ${wanted * hidden}.`,
    );
  }
  if (from) checkFinite('centers has', from);
  const { centers, clusterOf } = kMeans(patches, hidden, wanted, from);
  return { data: clusterOf, rows, columns, count: wanted, centers: Float32Array.from(centers) };
}

function above(map: PatchMap, { threshold }: ThresholdOptions): ThresholdMask {
  const { data, rows, columns } = map;
  if (!data?.length || data.length !== rows * columns) {
    throw new VitError(
      'invalid-argument',
      `A map is { data, rows, columns } with a value per patch, or tokens with { hidden, prefix }, not ${shown(map)}.`,
    );
  }
  checkFinite('The map has', data);
  if (threshold !== undefined && !Number.isFinite(threshold)) {
    throw new VitError('invalid-argument', `threshold is ${shown(threshold)}, but it should be a number.`);
  }
  const limit = threshold ?? otsu(data);
  return {
    data: Uint8Array.from(data, (value) => Number(value > limit)),
    rows,
    columns,
    count: 2,
    threshold: limit,
  };
}

/**
 * Otsu's threshold (1979) over the values themselves rather than a histogram: half-way between the two that it
 * separates. It maximizes the variance between the two groups, n₀·n₁·(mean₀ − mean₁)².
 */
export function otsu(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const total = sorted.reduce((sum, value) => sum + value, 0);
  let [best, threshold, below] = [-1, sorted[0], 0];
  for (let count = 1; count < sorted.length; count++) {
    below += sorted[count - 1];
    if (sorted[count] === sorted[count - 1]) continue;
    const rest = sorted.length - count;
    const between = count * rest * (below / count - (total - below) / rest) ** 2;
    if (between > best) [best, threshold] = [between, (sorted[count - 1] + sorted[count]) / 2];
  }
  return threshold;
}
