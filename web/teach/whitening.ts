// Whitening: brings all directions to the same spread, so that distances become Mahalanobis distances.

export interface Whitening {
  /** The weight of one residual's outer product in the covariance. */
  readonly share: number;
  apply(vector: ArrayLike<number>): Float64Array;
}

/**
 * By the covariance of residuals, shrunk towards a multiple of the identity as much as there are few of them (Ledoit &
 * Wolf 2004, "A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices"), as scikit-learn's `LedoitWolf`
 * does it. Cost: residuals · width² / 2 + width³ / 6 multiply-adds, between which it pauses.
 */
export async function whiteningOf(
  residuals: readonly Float64Array[],
  width: number,
  pause: () => Promise<void>,
): Promise<Whitening> {
  const count = residuals.length;
  const covariance = new Float64Array(width * width);
  let fourth = 0;
  for (const residual of residuals) {
    let squares = 0;
    for (let i = 0; i < width; i++) {
      squares += residual[i] ** 2;
      for (let j = 0; j <= i; j++) covariance[i * width + j] += (residual[i] * residual[j]) / count;
    }
    fourth += squares ** 2 / count;
    await pause();
  }
  let [trace, norm] = [0, 0];
  for (let i = 0; i < width; i++) {
    trace += covariance[i * width + i];
    for (let j = 0; j <= i; j++) norm += (i === j ? 1 : 2) * covariance[i * width + j] ** 2;
  }
  const mean = trace / width;
  const apart = norm - trace * mean;
  const error = (fourth - norm) / count;
  // Residuals that are all 0 say nothing, so distances stay as they are.
  if (mean === 0) return { share: 0, apply: (vector) => Float64Array.from(vector) };
  const shrinkage = apart > 0 ? Math.min(1, Math.max(0, error / apart)) : 1;
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) covariance[i * width + j] *= 1 - shrinkage;
    // The last term keeps it definite where nothing is shrunk.
    covariance[i * width + i] += shrinkage * mean + 1e-9 * mean;
  }
  const lower = await cholesky(covariance, width, pause);
  return { share: (1 - shrinkage) / count, apply: (vector) => solveLower(lower, vector) };
}

/** The lower triangular L of L·Lᵀ = matrix, in place; only the lower half of the matrix is read. */
async function cholesky(
  matrix: Float64Array,
  size: number,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k] * matrix[j * size + k];
      matrix[i * size + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * size + j];
    }
    await pause();
  }
  return matrix;
}

/** x of L·x = vector. */
function solveLower(lower: Float64Array, vector: ArrayLike<number>): Float64Array {
  const size = vector.length;
  const x = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = vector[i];
    for (let k = 0; k < i; k++) sum -= lower[i * size + k] * x[k];
    x[i] = sum / lower[i * size + i];
  }
  return x;
}
