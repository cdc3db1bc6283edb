import { dot } from './eigenvectors.js';

/** Points grouped around centers. */
export interface Clusters {
  /** [count][width]. */
  readonly centers: Float64Array;
  /** Which center each point is nearest to. */
  readonly clusterOf: Uint8Array;
}

/** More than enough: it ends when no point changes its cluster, usually after 10 to 20 iterations. */
const mostIterations = 300;

/**
 * k-means by Lloyd's iteration until no point moves, from given centers or from seeds chosen deterministically: the
 * point nearest to the mean first, then always the one that lowers the sum of squared distances most, which is greedy
 * k-means++ (Arthur & Vassilvitskii 2007) with every point as a candidate. Cost: points² · width for the seeds, points
 * · count · width per iteration.
 */
export function kMeans(
  points: Float32Array,
  width: number,
  count: number,
  from?: ArrayLike<number>,
): Clusters {
  const size = points.length / width;
  const centers = from ? Float64Array.from(from) : seeds(points, width, count);
  const clusterOf = new Uint8Array(size);
  for (let iteration = 0; iteration < mostIterations; iteration++) {
    const moved = assign(points, width, centers, clusterOf, iteration === 0);
    if (!moved) break;
    update(points, width, centers, clusterOf);
  }
  return { centers, clusterOf };
}

function seeds(points: Float32Array, width: number, count: number): Float64Array {
  const size = points.length / width;
  const mean = new Float64Array(width);
  for (let at = 0; at < points.length; at += width) {
    for (let i = 0; i < width; i++) mean[i] += points[at + i] / size;
  }
  const squares = Float64Array.from({ length: size }, (_, point) => {
    return dot(points, point * width, points, point * width, width);
  });
  const distances = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < a; b++) {
      const shared = dot(points, a * width, points, b * width, width);
      distances[a * size + b] = distances[b * size + a] = squares[a] + squares[b] - 2 * shared;
    }
  }
  // |p − m|² without |m|², which is the same for every point.
  const toMean = squares.map((square, point) => square - 2 * dot(points, point * width, mean, 0, width));
  const centers = new Float64Array(count * width);
  let nearest = new Float64Array(size).fill(Infinity);
  for (let c = 0; c < count; c++) {
    const chosen = c === 0 ? smallest(toMean) : mostHelpful(distances, nearest);
    centers.set(points.subarray(chosen * width, (chosen + 1) * width), c * width);
    nearest = nearest.map((distance, point) => Math.min(distance, distances[chosen * size + point]));
  }
  return centers;
}

function mostHelpful(distances: Float64Array, nearest: Float64Array): number {
  const size = nearest.length;
  const left = Float64Array.from({ length: size }, (_, candidate) => {
    let sum = 0;
    for (let point = 0; point < size; point++) {
      const distance = distances[candidate * size + point];
      sum += distance < nearest[point] ? distance : nearest[point];
    }
    return sum;
  });
  return smallest(left);
}

function smallest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] < values[best]) best = i;
  return best;
}

/** Whether any point has changed its cluster. */
function assign(
  points: Float32Array,
  width: number,
  centers: Float64Array,
  clusterOf: Uint8Array,
  isFirst: boolean,
): boolean {
  const count = centers.length / width;
  // |p − c|² without |p|², which is the same for every center.
  const halves = Float64Array.from(
    { length: count },
    (_, c) => dot(centers, c * width, centers, c * width, width) / 2,
  );
  let moved = isFirst;
  for (let point = 0; point < clusterOf.length; point++) {
    let best = 0;
    let least = Infinity;
    for (let c = 0; c < count; c++) {
      const distance = halves[c] - dot(points, point * width, centers, c * width, width);
      if (distance < least) [best, least] = [c, distance];
    }
    moved ||= clusterOf[point] !== best;
    clusterOf[point] = best;
  }
  return moved;
}

/** Centers become their points' means; one that has lost its points stays where it is. */
function update(points: Float32Array, width: number, centers: Float64Array, clusterOf: Uint8Array): void {
  const sums = new Float64Array(centers.length);
  const sizes = new Float64Array(centers.length / width);
  clusterOf.forEach((cluster, point) => {
    sizes[cluster]++;
    for (let i = 0; i < width; i++) sums[cluster * width + i] += points[point * width + i];
  });
  sizes.forEach((size, cluster) => {
    for (let at = cluster * width; size > 0 && at < (cluster + 1) * width; at++)
      centers[at] = sums[at] / size;
  });
}
