import { VitError } from '../errors.js';
import type { RawImage } from '../types.js';
import { dot, largestEigenvectors } from './eigenvectors.js';
import { checkCount, patchesIn, patchesOf, type Mask, type TokenGrid } from './grid.js';

/**
 * The directions in which the tokens of a picture differ most. Plain data: it can be kept and used for other pictures.
 */
export interface PrincipalBasis {
  /** The mean that is subtracted from a token, [hidden]. */
  readonly mean: Float32Array;
  /** [count][hidden]: directions of length 1; the value farthest from 0 in each is positive. */
  readonly components: Float32Array;
  /** The variance along each, [count], the largest first. */
  readonly variance: Float32Array;
}

/** Options of {@link principalComponents}. */
export interface PrincipalOptions {
  /** How many components. Default 3, or as many as `basis` has. */
  readonly count?: number | undefined;
  /** The basis of an earlier call: use one for all frames of a video, and its colors do not flicker. */
  readonly basis?: PrincipalBasis | undefined;
  /** Only these patches make the basis. Default: all. */
  readonly mask?: Mask | undefined;
  /** Whether to give the components as colors, too. */
  readonly image?: boolean | undefined;
}

/** A picture of a pixel per patch. */
export interface PatchImage extends RawImage {
  /** R, G, B and 255 for each. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** A picture's patches by their principal components. */
export interface PrincipalComponents {
  /** [rows × columns][count]: where each patch is along each component. */
  readonly data: Float32Array;
  /** Rows of patches. */
  readonly rows: number;
  /** Columns of patches. */
  readonly columns: number;
  /** How many components there are. */
  readonly count: number;
  /** What they were computed with; for other pictures. */
  readonly basis: PrincipalBasis;
  /**
   * With `image: true`: a pixel per patch, the first three components as red, green and blue: two standard deviations
   * below the mean are 0, two above are 255. For `new ImageData(image.data, image.width)`.
   */
  readonly image?: PatchImage;
}

/**
 * The principal components of a picture's patches: what `sklearn.decomposition.PCA` gives for the patch tokens, with
 * the same signs.
 *
 * @example
 * ```ts
 * const { basis } = principalComponents(await model.tokens(firstFrame));
 * // then, for every frame
 * const { image } = principalComponents(await model.tokens(frame), { basis, image: true });
 * context.putImageData(new ImageData(image!.data, image!.width), 0, 0);
 * ```
 */
export function principalComponents(
  tokens: TokenGrid,
  { count, basis: given, mask, image = false }: PrincipalOptions = {},
): PrincipalComponents {
  const patches = patchesOf(tokens);
  const { hidden, rows, columns } = tokens;
  const basis = given
    ? checkedBasis(given, hidden)
    : fit(patches, hidden, patchesIn(mask, tokens), count ?? 3);
  const wanted = count ?? basis.variance.length;
  checkCount('count', wanted, 1, basis.variance.length);
  const data = project(patches, hidden, basis, wanted);
  const result = { data, rows, columns, count: wanted, basis };
  return image ? { ...result, image: colored(data, rows, columns, wanted, basis.variance) } : result;
}

function checkedBasis(basis: PrincipalBasis, hidden: number): PrincipalBasis {
  const { mean, components, variance } = basis;
  if (mean.length === hidden && components.length === variance.length * hidden) return basis;
  throw new VitError(
    'invalid-argument',
    `The basis is for tokens of ${mean.length} values, but these have ${hidden}; make one with this model.`,
  );
}

function fit(
  patches: Float32Array,
  hidden: number,
  chosen: readonly number[],
  count: number,
): PrincipalBasis {
  if (chosen.length < 2) {
    throw new VitError(
      'invalid-argument',
      `Principal components need at least 2 patches; the mask has ${chosen.length}.`,
    );
  }
  checkCount('count', count, 1, Math.min(hidden, chosen.length));
  const mean = new Float64Array(hidden);
  for (const patch of chosen) {
    for (let i = 0; i < hidden; i++) mean[i] += patches[patch * hidden + i];
  }
  for (let i = 0; i < hidden; i++) mean[i] /= chosen.length;
  const centered = new Float64Array(chosen.length * hidden);
  chosen.forEach((patch, row) => {
    for (let i = 0; i < hidden; i++) centered[row * hidden + i] = patches[patch * hidden + i] - mean[i];
  });
  const { values, directions } = principalDirections(centered, chosen.length, hidden, count);
  for (let c = 0; c < count; c++) makeSignSure(directions.subarray(c * hidden, (c + 1) * hidden));
  return {
    mean: Float32Array.from(mean),
    components: Float32Array.from(directions),
    variance: Float32Array.from(values, (value) => Math.max(0, value) / (chosen.length - 1)),
  };
}

/** How exact the eigenvectors are: components are within 1e-4 even where variances differ by a ten-thousandth. */
const tolerance = 1e-8;

/** The eigenvectors of XᵀX [columns × columns], from those of XXᵀ where that is smaller: v = Xᵀu / √λ. */
function principalDirections(x: Float64Array, rows: number, columns: number, count: number) {
  if (columns <= rows) {
    const { values, vectors } = largestEigenvectors(
      products(transposed(x, rows, columns), columns, rows),
      columns,
      count,
      tolerance,
    );
    return { values, directions: vectors };
  }
  const { values, vectors } = largestEigenvectors(products(x, rows, columns), rows, count, tolerance);
  const directions = new Float64Array(count * columns);
  for (let c = 0; c < count; c++) {
    // Patches that are all the same have no direction.
    const scale = values[c] > 1e-12 * values[0] ? 1 / Math.sqrt(values[c]) : 0;
    for (let row = 0; row < rows; row++) {
      const factor = vectors[c * rows + row] * scale;
      for (let i = 0; i < columns; i++) directions[c * columns + i] += factor * x[row * columns + i];
    }
  }
  return { values, directions };
}

/** x·xᵀ of the rows of x. */
function products(x: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      out[i * rows + j] = out[j * rows + i] = dot(x, i * columns, x, j * columns, columns);
    }
  }
  return out;
}

function transposed(x: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns; i++) out[i * rows + row] = x[row * columns + i];
  }
  return out;
}

/** An eigenvector's sign is arbitrary: the value farthest from 0 becomes positive, as in scikit-learn's `svd_flip`. */
function makeSignSure(direction: Float64Array): void {
  let farthest = 0;
  for (const value of direction) if (Math.abs(value) > Math.abs(farthest)) farthest = value;
  if (farthest < 0) for (let i = 0; i < direction.length; i++) direction[i] = -direction[i];
}

function project(
  patches: Float32Array,
  hidden: number,
  { mean, components }: PrincipalBasis,
  count: number,
): Float32Array {
  const data = new Float32Array((patches.length / hidden) * count);
  for (let c = 0; c < count; c++) {
    const ofMean = dot(components, c * hidden, mean, 0, hidden);
    for (let at = 0, out = c; at < patches.length; at += hidden, out += count) {
      data[out] = dot(components, c * hidden, patches, at, hidden) - ofMean;
    }
  }
  return data;
}

function colored(data: Float32Array, rows: number, columns: number, count: number, variance: Float32Array) {
  const pixels = new Uint8ClampedArray(rows * columns * 4).fill(255);
  for (let patch = 0; patch < rows * columns; patch++) {
    for (let channel = 0; channel < 3; channel++) {
      const deviation = Math.sqrt(variance[channel] ?? 0);
      const value = channel < count && deviation > 0 ? data[patch * count + channel] / deviation : 0;
      pixels[patch * 4 + channel] = 255 * (0.5 + value / 4);
    }
  }
  return { data: pixels, width: columns, height: rows };
}
