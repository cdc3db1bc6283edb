// Texts in batches: each once, none too long, and what they begin with counted once.
import { describe, expect, it } from '@jest/globals';

import { batchesOf } from '../../web/runtime/text-batches.js';
import { randomOf } from '../fuzz/random.js';

const tokensIn = (texts: number[][], room: number, isCausal = true) =>
  batchesOf(texts, room, isCausal).map(
    ({ texts: numbers, shared }) => shared + numbers.reduce((sum, at) => sum + texts[at].length - shared, 0),
  );

describe('batchesOf', () => {
  it('computes a beginning once', () => {
    const labels = [[7], [8, 9], [7, 8], [6]].map((label) => [1, 2, 3, 4, ...label, 99]);
    expect(batchesOf(labels, 77, true)).toEqual([{ texts: [3, 2, 0, 1], shared: 4 }]);
    expect(tokensIn(labels, 77)).toEqual([4 + 2 + 3 + 2 + 3]);
  });

  it('leaves the texts of a tower that is not causal as they are', () => {
    const texts = Array.from({ length: 3 }, () => [5, 6, 7, 8]);
    expect(batchesOf(texts, 8, false)).toEqual([
      { texts: [0, 1], shared: 0 },
      { texts: [2], shared: 0 },
    ]);
  });

  it('leaves each text a token of its own', () => {
    const same = [
      [1, 2, 99],
      [1, 2, 99],
    ];
    expect(batchesOf(same, 77, true)).toEqual([{ texts: [0, 1], shared: 2 }]);
    // Of which one begins with all of the other.
    expect(batchesOf([[1, 2], [1]], 77, true)).toEqual([{ texts: [1, 0], shared: 0 }]);
  });

  it('has no batch of no texts', () => expect(batchesOf([], 77, true)).toEqual([]));

  it('keeps templates apart where their texts are many', () => {
    const [photo, drawing] = [
      [1, 10, 11, 12, 13, 14],
      [1, 20, 21, 22],
    ];
    const texts = Array.from({ length: 40 }, (_, at) => [...(at % 2 ? photo : drawing), 100 + at, 99]);
    const batches = batchesOf(texts, 50, true);
    expect(batches.map(({ texts: numbers, shared }) => [numbers.length, shared])).toEqual([
      [20, 6],
      [20, 4],
    ]);
  });

  it('has every text once, in room, behind what it shares', () => {
    const random = randomOf(5);
    for (let round = 0; round < 500; round++) {
      const room = 1 + random.below(20);
      const texts = Array.from({ length: random.below(30) }, () =>
        Array.from({ length: 1 + random.below(room) }, () => random.below(3)),
      );
      const isCausal = random.oneIn(2);
      const batches = batchesOf(texts, room, isCausal);
      const numbers = batches.flatMap((batch) => batch.texts);
      expect([...numbers].sort((a, b) => a - b)).toEqual([...texts.keys()]);
      for (const { texts: batch, shared } of batches) {
        const [first] = batch;
        for (const text of batch) {
          expect(texts[text].slice(0, shared)).toEqual(texts[first].slice(0, shared));
          expect(texts[text].length).toBeGreaterThan(shared);
        }
      }
      expect(Math.max(0, ...tokensIn(texts, room, isCausal))).toBeLessThanOrEqual(room);
    }
  });
});
