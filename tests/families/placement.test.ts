import { describe, expect, it } from '@jest/globals';

import { misplaced, partsOf } from '../../web/checkpoint/families/placement.js';

const stored = (name: string, shape: number[], columnMajor?: boolean) => ({
  ...{ name, shape, dtype: 'F32', bytes: 4 * shape.reduce((a, b) => a * b) },
  ...(columnMajor && { columnMajor }),
});

describe('a tensor is placed', () => {
  it('as it is', () => {
    expect(partsOf(stored('a', [2, 3]), { slots: ['s'] })).toEqual([
      { title: 'a', slot: 's', dtype: 'F32', shape: [2, 3], bytes: 24, order: undefined },
    ]);
  });

  it('in equal parts', () => {
    expect(partsOf(stored('qkv', [6, 2]), { slots: ['q', 'k', 'v'] })).toEqual(
      ['q', 'k', 'v'].map((slot) => ({ title: 'qkv', slot, dtype: 'F32', shape: [2, 2], bytes: 16 })),
    );
  });

  it.each<[string, number[], number[][], number[], [number, number][]]>([
    [
      'a matrix of inputs × outputs',
      [5, 7],
      [[1], [0]],
      [7, 5],
      [
        [5, 1],
        [7, 5],
      ],
    ],
    [
      'inputs × heads × head size',
      [6, 2, 3],
      [[1, 2], [0]],
      [6, 6],
      [
        [6, 1],
        [2, 18],
        [3, 6],
      ],
    ],
    [
      'heads × head size × outputs',
      [2, 3, 6],
      [[2], [0, 1]],
      [6, 6],
      [
        [2, 3],
        [3, 1],
        [6, 6],
      ],
    ],
    [
      'a kernel HWIO',
      [4, 2, 3, 6],
      [[3], [2], [0], [1]],
      [6, 3, 4, 2],
      [
        [4, 2],
        [2, 1],
        [3, 8],
        [6, 24],
      ],
    ],
  ])('%s', (_, shape, axes, inSlot, order) => {
    const placement = { slots: ['s'], axes };
    const axesOf = (steps: [number, number][]) => steps.map(([size, stride]) => ({ size, stride }));
    expect(partsOf(stored('a', shape), placement)[0]).toMatchObject({ shape: inSlot, order: axesOf(order) });
    const [columnMajor] = partsOf(stored('a', shape, true), placement);
    expect(columnMajor).toMatchObject({ shape: inSlot, order: axesOf([...order].reverse()) });
  });

  it('column by column', () => {
    expect(partsOf(stored('a', [1, 5, 8], true), { slots: ['s'] })[0].order).toEqual([
      { size: 8, stride: 1 },
      { size: 5, stride: 8 },
      { size: 1, stride: 40 },
    ]);
  });

  it('only when it has as many axes as it should', () => {
    const placement = { slots: ['s'], axes: [[1, 2], [0]] };
    expect(misplaced(stored('a', [6, 2, 3]), placement)).toBeUndefined();
    expect(misplaced(stored('a', [6, 6]), placement)).toBe('has shape [6, 6], but should have 3 axes');
  });

  it.each([[[25, 2]], [[7]], [[]]])('of shape %j cannot be shared by three', (shape) => {
    // The engine would take 25 / 3 for 8, and the last third of a byte would never come.
    const tensor = { name: 'qkv', shape, dtype: 'F32', bytes: 200 };
    expect(misplaced(tensor, { slots: ['q', 'k', 'v'] })).toBe(
      `has shape [${shape.join(', ')}], whose first axis should be 3 equal parts`,
    );
  });

  it('in parts of given sizes, and only when they are all of it', () => {
    const placement = { slots: ['m', 'q', 'k'], sizes: [5, 2, 2] };
    expect(misplaced(stored('in', [9, 4]), placement)).toBeUndefined();
    expect(partsOf(stored('in', [9, 4]), placement)).toEqual([
      { title: 'in', slot: 'm', dtype: 'F32', shape: [5, 4], bytes: 80 },
      { title: 'in', slot: 'q', dtype: 'F32', shape: [2, 4], bytes: 32 },
      { title: 'in', slot: 'k', dtype: 'F32', shape: [2, 4], bytes: 32 },
    ]);
    expect(partsOf(stored('in', [9]), placement).map(({ bytes }) => bytes)).toEqual([20, 8, 8]);
    expect(misplaced(stored('in', [10, 4]), placement)).toBe(
      'has shape [10, 4], but its first axis should be 9',
    );
  });

  it('only when 32 bits are enough for its sizes', () => {
    const wrong = misplaced(stored('a', [1, 2 ** 32 + 8]), { slots: ['s'] });
    expect(wrong).toBe('has shape [1, 4294967304], which no model has');
  });
});
