// Comparing embeddings.
import { VitError } from '../errors.js';
import { checkCount, checkFinite } from './grid.js';

/**
 * The cosine of the angle between two embeddings: 1 for the same direction, 0 for none in common, −1 for opposite ones.
 * With a vector of zeros it is 0.
 *
 * Which model made the embeddings decides what is similar; the guide compares some.
 *
 * @example
 * ```ts
 * const a = await model.embed(canvas);
 * const b = await model.embed(other);
 * similarity(a, b); // 0.83
 * ```
 */
export function similarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkPair(a, b);
  return cosine(a, b, Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b)));
}

/** An embedding found by {@link nearest}. */
export interface Neighbor {
  /** Its place in the list. */
  readonly index: number;
  /** Its cosine similarity to the query. */
  readonly similarity: number;
}

/**
 * The `k` embeddings that are most similar to `query`, the most similar first; of equals, the first in the list. All of
 * them when there are fewer.
 *
 * @example
 * ```ts
 * const [best] = nearest(await model.embed(canvas), collection, 1);
 * best?.index; // which of the collection
 * ```
 */
export function nearest(
  query: ArrayLike<number>,
  embeddings: readonly ArrayLike<number>[],
  k = 1,
): Neighbor[] {
  checkCount('k', k, 1, Infinity);
  const length = Math.sqrt(dot(query, query));
  const all = embeddings.map((embedding, index) => {
    checkPair(query, embedding);
    return { index, similarity: cosine(query, embedding, length, Math.sqrt(dot(embedding, embedding))) };
  });
  return all.sort((a, b) => b.similarity - a.similarity || a.index - b.index).slice(0, k);
}

function checkPair(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length || a.length === 0) {
    throw new VitError(
      'invalid-argument',
      `Embeddings of ${a.length} and ${b.length} values cannot be compared; both have to be of the same model.`,
    );
  }
  checkFinite('The embedding has', a);
  checkFinite('The embedding has', b);
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>, lengthOfA: number, lengthOfB: number): number {
  const lengths = lengthOfA * lengthOfB;
  // Rounding may leave a little more than 1.
  return lengths > 0 ? Math.max(-1, Math.min(1, dot(a, b) / lengths)) : 0;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
