// Texts → batches that fit into the engine, in which what texts begin with is computed once.

/** Texts that are encoded together. */
export interface TextBatch {
  /** Which texts, by their numbers. */
  readonly texts: readonly number[];
  /** How many tokens they all begin with; each has at least one more. */
  readonly shared: number;
}

/**
 * Batches of at most `room` tokens, none of `texts` being longer. If `isCausal`, texts with a common beginning, such as
 * "a photo of a", are put together; otherwise a token's vectors depend on all of its text, and nothing can be shared.
 */
export function batchesOf(
  texts: readonly (readonly number[])[],
  room: number,
  isCausal: boolean,
): TextBatch[] {
  const order = [...texts.keys()];
  if (isCausal) order.sort((a, b) => alphabetically(texts[a], texts[b]));
  const batches: TextBatch[] = [];
  let batch: number[] = [];
  let shared = 0;
  let tokens = 0; // of all texts in the batch, as if nothing were shared
  for (const at of order) {
    const { length } = texts[at];
    // Texts are sorted, so the batch begins as its last text does at least as far as this one has in common with it.
    const common = isCausal ? commonTokens(texts[batch.at(-1) ?? at], texts[at], shared) : 0;
    if (batch.length > 0 && tokens + length - common * batch.length <= room) {
      shared = common;
      tokens += length;
    } else {
      if (batch.length > 0) batches.push({ texts: batch, shared });
      batch = [];
      shared = isCausal ? length - 1 : 0;
      tokens = length;
    }
    batch.push(at);
  }
  if (batch.length > 0) batches.push({ texts: batch, shared });
  return batches;
}

function alphabetically(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((token, i) => token !== b[i]);
  // A text comes after its own beginning.
  return at < 0 ? a.length - b.length : a[at] - (b[at] ?? -1);
}

/** With how many tokens, at most `most`, both texts begin that have at least one more each. */
function commonTokens(a: readonly number[], b: readonly number[], most: number): number {
  const limit = Math.min(most, a.length - 1, b.length - 1);
  let common = 0;
  while (common < limit && a[common] === b[common]) common++;
  return common;
}
