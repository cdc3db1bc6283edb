// The largest eigenvalues of a symmetric matrix, for principal components.

/** Eigenvalues, the largest first, and their vectors of length 1, one per row. */
export interface Eigen {
  readonly values: Float64Array;
  /** [count × size]. */
  readonly vectors: Float64Array;
}

/** Vectors iterated beyond those wanted: they speed up the convergence of the last ones. */
const spare = 8;
/** A bound for spectra without a gap, in which any basis of the same span is as good. */
const mostIterations = 500;

/**
 * The `count` largest eigenvalues of the symmetric, positive semidefinite `matrix` [size × size] with their vectors, by
 * subspace iteration with Rayleigh-Ritz projection (Saad 2011, "Numerical Methods for Large Eigenvalue Problems",
 * chapter 5), until ‖A·v − λ·v‖ is at most `tolerance` times the largest eigenvalue. Always starts from the same
 * vectors. Cost: size² · (count + 8) multiply-adds per iteration.
 */
export function largestEigenvectors(
  matrix: Float64Array,
  size: number,
  count: number,
  tolerance: number,
): Eigen {
  const width = Math.min(size, count + spare);
  let basis = startingVectors(width, size);
  for (let iteration = 0; ; iteration++) {
    orthonormalize(basis, width, size);
    const product = multiply(matrix, basis, width, size);
    const projected = new Float64Array(width * width);
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < width; j++)
        projected[i * width + j] = dot(basis, i * size, product, j * size, size);
    }
    const { values, vectors: rotation } = allEigenvectors(projected, width);
    basis = multiplyRows(rotation, basis, width, size);
    const image = multiplyRows(rotation, product, width, size);
    if (
      iteration === mostIterations ||
      residual(basis, image, values, count, size) <= tolerance * values[0]
    ) {
      return { values: values.slice(0, count), vectors: basis.slice(0, count * size) };
    }
    basis = image;
  }
}

/** Numbers without a pattern, by a linear congruential generator (Numerical Recipes' constants). */
function startingVectors(count: number, size: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length: count * size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** Rows of length 1, each at right angles to those before it; what is left of a dependent one is 0. */
function orthonormalize(rows: Float64Array, count: number, size: number): void {
  for (let row = 0; row < count; row++) {
    const before = Math.sqrt(dot(rows, row * size, rows, row * size, size));
    // Twice, as rounding leaves something the first time.
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < row; other++) {
        const shared = dot(rows, row * size, rows, other * size, size);
        for (let i = 0; i < size; i++) rows[row * size + i] -= shared * rows[other * size + i];
      }
    }
    const length = Math.sqrt(dot(rows, row * size, rows, row * size, size));
    const scale = length > 1e-12 * before ? 1 / length : 0;
    for (let i = row * size; i < (row + 1) * size; i++) rows[i] *= scale;
  }
}

/** matrix · row for each row; the matrix is symmetric. */
function multiply(matrix: Float64Array, rows: Float64Array, count: number, size: number): Float64Array {
  const out = new Float64Array(count * size);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < size; i++) out[row * size + i] = dot(matrix, i * size, rows, row * size, size);
  }
  return out;
}

/** left [count × count] · right [count × size]. */
function multiplyRows(left: Float64Array, right: Float64Array, count: number, size: number): Float64Array {
  const out = new Float64Array(count * size);
  for (let row = 0; row < count; row++) {
    for (let k = 0; k < count; k++) {
      const factor = left[row * count + k];
      for (let i = 0; i < size; i++) out[row * size + i] += factor * right[k * size + i];
    }
  }
  return out;
}

function residual(
  basis: Float64Array,
  image: Float64Array,
  values: Float64Array,
  count: number,
  size: number,
): number {
  let largest = 0;
  for (let row = 0; row < count; row++) {
    let squares = 0;
    for (let i = row * size; i < (row + 1) * size; i++) squares += (image[i] - values[row] * basis[i]) ** 2;
    largest = Math.max(largest, Math.sqrt(squares));
  }
  return largest;
}

/** All eigenvalues of a small symmetric matrix by Jacobi rotations (Golub & Van Loan, "Matrix Computations", 8.5). */
function allEigenvectors(matrix: Float64Array, size: number): Eigen {
  const a = matrix.slice();
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  const total = Math.sqrt(dot(a, 0, a, 0, a.length));
  const offDiagonal = () => {
    let largest = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) largest = Math.max(largest, Math.abs(a[p * size + q]));
    }
    return largest;
  };
  while (offDiagonal() > 1e-15 * total) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) rotate(a, v, size, p, q);
    }
  }
  const order = [...Array(size).keys()].sort((i, j) => a[j * size + j] - a[i * size + i]);
  return {
    values: Float64Array.from(order, (i) => a[i * size + i]),
    vectors: Float64Array.from({ length: size * size }, (_, at) => {
      return v[(at % size) * size + order[Math.floor(at / size)]];
    }),
  };
}

/** Makes a[p][q] zero: a = Jᵀ·a·J, v = v·J. */
function rotate(a: Float64Array, v: Float64Array, size: number, p: number, q: number): void {
  const off = a[p * size + q];
  if (off === 0) return;
  const tau = (a[q * size + q] - a[p * size + p]) / (2 * off);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  const turn = (m: Float64Array, i: number, j: number) => {
    const [x, y] = [m[i], m[j]];
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  };
  for (let k = 0; k < size; k++) turn(a, k * size + p, k * size + q);
  for (let k = 0; k < size; k++) turn(a, p * size + k, q * size + k);
  for (let k = 0; k < size; k++) turn(v, k * size + p, k * size + q);
}

/** Four sums at a time: they do not wait for each other. */
export function dot(
  a: Float64Array | Float32Array,
  fromA: number,
  b: Float64Array | Float32Array,
  fromB: number,
  count: number,
): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    s0 += a[fromA + i] * b[fromB + i];
    s1 += a[fromA + i + 1] * b[fromB + i + 1];
    s2 += a[fromA + i + 2] * b[fromB + i + 2];
    s3 += a[fromA + i + 3] * b[fromB + i + 3];
  }
  for (; i < count; i++) s0 += a[fromA + i] * b[fromB + i];
  return s0 + s1 + (s2 + s3);
}
