// What the functions of this entry work on: patch tokens on their grid, and values on the same grid.
import { VitError } from '../errors.js';
import { shown } from '../shown.js';

/** The tokens of a picture with the grid of its patches: what `model.tokens` gives. */
export interface TokenGrid {
  /** [prefix + rows × columns][hidden]: tokens that are no patches, then the patches, row by row. */
  readonly data: Float32Array;
  /** The width of a token. */
  readonly hidden: number;
  /** Rows of patches. */
  readonly rows: number;
  /** Columns of patches. */
  readonly columns: number;
  /** How many tokens precede the patches: class token, distillation token, registers. */
  readonly prefix: number;
}

/** One value per patch. */
export interface PatchMap {
  /** [rows × columns]. */
  readonly data: Float32Array;
  /** Rows of patches. */
  readonly rows: number;
  /** Columns of patches. */
  readonly columns: number;
}

/** One class per patch; of a mask 1 inside, 0 outside. */
export interface PatchClasses {
  /** [rows × columns], each less than `count`. */
  readonly data: Uint8Array;
  /** Rows of patches. */
  readonly rows: number;
  /** Columns of patches. */
  readonly columns: number;
  /** How many classes there are. */
  readonly count: number;
}

/** Which patches: those that are not 0. */
export interface Mask {
  /** [rows × columns]. */
  readonly data: ArrayLike<number>;
  /** Rows of patches. */
  readonly rows: number;
  /** Columns of patches. */
  readonly columns: number;
}

/** The patches' tokens [rows × columns][hidden]: a view, not a copy. */
export function patchesOf(tokens: TokenGrid): Float32Array {
  const { data, hidden, rows, columns, prefix } = (tokens ?? {}) as Partial<TokenGrid>;
  const sizes = [hidden, rows, columns];
  const areCounts = sizes.every((size) => Number.isInteger(size) && Number(size) >= 1);
  if (!(data instanceof Float32Array) || !areCounts || !Number.isInteger(prefix) || Number(prefix) < 0) {
    throw new VitError(
      'invalid-argument',
      `Tokens are { data, hidden, rows, columns, prefix }, as model.tokens() gives them, not ${shown(tokens)}.`,
    );
  }
  const expected = (tokens.prefix + tokens.rows * tokens.columns) * tokens.hidden;
  if (data.length !== expected) {
    throw new VitError(
      'invalid-argument',
      `The tokens have ${data.length} values, but ${tokens.prefix} + ${tokens.rows} × ${tokens.columns} tokens of ` +
        `${tokens.hidden} values are ${expected}.`,
    );
  }
  const patches = data.subarray(tokens.prefix * tokens.hidden);
  checkFinite('The tokens have', patches);
  return patches;
}

/** Refuses infinity and NaN, which would spread to every result. */
export function checkFinite(what: string, values: ArrayLike<number>): void {
  let sum = 0; // NaN as soon as one is not finite
  for (let i = 0; i < values.length; i++) sum += values[i] * 0;
  if (sum === 0) return;
  throw new VitError('invalid-argument', `${what} values that are infinite or NaN; leave out that picture.`);
}

/** Refuses what is not a whole number in a range. */
export function checkCount(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new VitError(
    'invalid-argument',
    `${name} is ${shown(value)}, but it should be a whole number from ${least} to ${most}.`,
  );
}

/** The indices of the patches in a mask; of all patches without one. */
export function patchesIn(mask: Mask | undefined, { rows, columns }: TokenGrid): number[] {
  const all = [...Array(rows * columns).keys()];
  if (!mask) return all;
  if (mask.rows !== rows || mask.columns !== columns || mask.data.length !== rows * columns) {
    throw new VitError(
      'invalid-argument',
      `The mask has ${mask.rows} × ${mask.columns} patches, but the picture has ${rows} × ${columns}.`,
    );
  }
  return all.filter((patch) => mask.data[patch] !== 0);
}
