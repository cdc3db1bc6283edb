import { VitError } from '../errors.js';
import { shown } from '../shown.js';
import { dot, largestEigenvectors } from './eigenvectors.js';
import { patchesOf, type PatchClasses, type TokenGrid } from './grid.js';

/** Options of {@link foreground}. */
export interface ForegroundOptions {
  /**
   * Two patches belong together when their cosine similarity is at least this. Default: what 30 % of the picture's
   * pairs of patches reach, which suits models whose similarities are spread differently.
   */
  readonly similarity?: number | undefined;
}

/** The weight between patches that do not belong together: above 0, so that the graph is connected. */
const weakest = 1e-5;
/** The share of all pairs that is not linked by default. */
const unlinked = 0.7;
/** How exact the eigenvector is; only on which side of the mean its values are matters. */
const tolerance = 1e-5;

/**
 * The patches of what stands out from the background, found by a normalized cut of the graph of similar patches
 * (TokenCut: Wang et al. 2022, "Self-Supervised Transformers for Unsupervised Object Discovery using Normalized Cut").
 * The side that has less of the picture's border is the foreground. Needs no classes and no training,
 * only a picture with a background. Cost: patches² · (hidden / 2 + 10 per iteration) multiply-adds.
 *
 * @example
 * ```ts
 * const mask = foreground(await model.tokens(canvas));
 * mask.data[row * mask.columns + column]; // 1: foreground
 * ```
 */
export function foreground(tokens: TokenGrid, { similarity }: ForegroundOptions = {}): PatchClasses {
  if (similarity !== undefined && !(similarity > -1 && similarity < 1)) {
    throw new VitError(
      'invalid-argument',
      `similarity is ${shown(similarity)}, but it should be a number between -1 and 1.`,
    );
  }
  const patches = patchesOf(tokens);
  const { rows, columns } = tokens;
  const size = rows * columns;
  const similarities = cosines(patches, size);
  const limit = similarity ?? quantile(similarities, unlinked);
  const side = secondCut(
    similarities.map((value) => (value > limit ? 1 : weakest)),
    size,
  );
  const mean = side.reduce((sum, value) => sum + value / size, 0);
  const isBorder = (patch: number) => {
    const [row, column] = [Math.floor(patch / columns), patch % columns];
    return row === 0 || column === 0 || row === rows - 1 || column === columns - 1;
  };
  let [border, inner] = [0, 0];
  const borders = Math.min(size, 2 * (rows + columns) - 4);
  side.forEach((value, patch) => {
    if (isBorder(patch)) border += value / borders;
    else inner += value / (size - borders);
  });
  const data = Uint8Array.from(side, (value) => Number(border < inner ? value > mean : value < mean));
  return { data, rows, columns, count: 2 };
}

/** [size × size] cosines of the rows. */
function cosines(patches: Float32Array, size: number): Float64Array {
  const width = patches.length / size;
  const unit = Float64Array.from(patches);
  for (let at = 0; at < unit.length; at += width) {
    const length = Math.sqrt(dot(unit, at, unit, at, width));
    for (let i = at; length > 0 && i < at + width; i++) unit[i] /= length;
  }
  const out = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      out[a * size + b] = out[b * size + a] = dot(unit, a * width, unit, b * width, width);
    }
  }
  return out;
}

/** The quantile: the value that this share of the others is below. */
function quantile(values: Float64Array, part: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.floor(part * (sorted.length - 1))];
}

/**
 * The eigenvector of the second smallest eigenvalue of (D − A)·y = λ·D·y, D being the row sums of A: which side each
 * patch is on (Shi & Malik 2000, "Normalized Cuts and Image Segmentation").
 */
function secondCut(links: Float64Array, size: number): Float64Array {
  const scale = Float64Array.from({ length: size }, (_, row) => {
    let degree = 0;
    for (let i = 0; i < size; i++) degree += links[row * size + i];
    return 1 / Math.sqrt(degree);
  });
  // Eigenvalues of D^-½·A·D^-½ are from −1 to 1; half of that and ½ are not negative.
  const matrix = links.map((link, at) => (link * scale[Math.floor(at / size)] * scale[at % size]) / 2);
  for (let i = 0; i < size; i++) matrix[i * size + i] += 0.5;
  const second = largestEigenvectors(matrix, size, Math.min(2, size), tolerance).vectors.slice(-size);
  return second.map((value, patch) => value * scale[patch]);
}
