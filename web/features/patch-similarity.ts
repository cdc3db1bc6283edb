import { VitError } from '../errors.js';
import type { Region } from '../types.js';
import { checkFinite, patchesOf, type PatchMap, type TokenGrid } from './grid.js';

/**
 * How similar every patch is to one of them, to a part of the picture, or to a vector: cosines, −1 to 1.
 *
 * `query` is the number of a patch (`row × columns + column`); a rectangle of patches, whose tokens' mean is compared;
 * or a vector of `hidden` values, such as a patch's of another picture.
 *
 * @example
 * ```ts
 * const tokens = await model.tokens(canvas);
 * const map = patchSimilarity(tokens, { x: 3, y: 5, width: 2, height: 2 });
 * const inside = masks(map); // what looks like those four patches
 * ```
 */
export function patchSimilarity(tokens: TokenGrid, query: number | Region | ArrayLike<number>): PatchMap {
  const patches = patchesOf(tokens);
  const { hidden, rows, columns } = tokens;
  const wanted = vectorOf(tokens, patches, query);
  const lengthOfWanted = lengthAt(wanted, 0, hidden);
  const data = new Float32Array(rows * columns);
  for (let patch = 0; patch < data.length; patch++) {
    const at = patch * hidden;
    let dot = 0;
    for (let i = 0; i < hidden; i++) dot += patches[at + i] * wanted[i];
    const lengths = lengthOfWanted * lengthAt(patches, at, hidden);
    data[patch] = lengths > 0 ? dot / lengths : 0;
  }
  return { data, rows, columns };
}

function vectorOf(
  { hidden, rows, columns }: TokenGrid,
  patches: Float32Array,
  query: number | Region | ArrayLike<number>,
): ArrayLike<number> {
  if (typeof query === 'number') {
    if (!Number.isInteger(query) || query < 0 || query >= rows * columns) {
      throw new VitError(
        'invalid-argument',
        `There is no patch ${query}: the picture has patches 0 to ${rows * columns - 1}.`,
      );
    }
    return patches.subarray(query * hidden, (query + 1) * hidden);
  }
  if (!('x' in query)) {
    if (query.length !== hidden) {
      throw new VitError(
        'invalid-argument',
        `A vector of ${query.length} values cannot be compared with tokens of ${hidden}.`,
      );
    }
    checkFinite('The vector has', query);
    return query;
  }
  const { x, y, width, height } = query;
  const edges = [x, y, width - 1, height - 1];
  if (
    !edges.every((edge) => Number.isInteger(edge) && edge >= 0) ||
    x + width > columns ||
    y + height > rows
  ) {
    throw new VitError(
      'invalid-argument',
      `The region ${width}×${height} at (${x}, ${y}) is not inside the ${columns}×${rows} patches of the picture; ` +
        'it counts patches, not pixels.',
    );
  }
  const mean = new Float64Array(hidden);
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      const at = (row * columns + column) * hidden;
      for (let i = 0; i < hidden; i++) mean[i] += patches[at + i] / (width * height);
    }
  }
  return mean;
}

function lengthAt(values: ArrayLike<number>, at: number, count: number): number {
  let squares = 0;
  for (let i = at; i < at + count; i++) squares += values[i] * values[i];
  return Math.sqrt(squares);
}
