import { expect, it } from '@jest/globals';

import { allowedClasses, topPredictions } from '../../web/labels.js';

const probabilities = Float32Array.of(0.125, 0.5, 0.25, 0.125);
const labels = ['a', 'b', 'c', 'd'];

it('gives the most probable classes, the most probable first', () => {
  expect(topPredictions(probabilities, labels, { topK: 2, threshold: 0 })).toEqual([
    { label: 'b', probability: 0.5, index: 1 },
    { label: 'c', probability: 0.25, index: 2 },
  ]);
});

it('gives all classes when asked for more, equals in their order', () => {
  expect(topPredictions(probabilities, labels, { topK: 9, threshold: 0 }).map(({ label }) => label)).toEqual([
    'b',
    'c',
    'a',
    'd',
  ]);
});

it('numbers a class that has no label', () => {
  expect(topPredictions(Float32Array.of(1), [], { topK: 1, threshold: 0 })).toEqual([
    { label: 'class 0', probability: 1, index: 0 },
  ]);
});

it('leaves out what is less probable than the threshold, and what is not to be chosen', () => {
  const indices = (threshold: number, classes?: number[]) =>
    topPredictions(probabilities, labels, { topK: 9, threshold, classes }).map(({ index }) => index);
  expect(indices(0.25)).toEqual([1, 2]);
  expect(indices(0.6)).toEqual([]);
  expect(indices(0, [0, 2])).toEqual([2, 0]);
  expect(indices(0.2, [0, 2])).toEqual([2]);
});

it('finds the classes that lists of labels and indices leave', () => {
  const twice = ['crane', 'cat', 'crane', 'dog'];
  expect(allowedClasses(twice, {})).toBeUndefined();
  expect(allowedClasses(twice, { allow: ['crane'] })).toEqual([0, 2]);
  expect(allowedClasses(twice, { allow: [3, 'cat'] })).toEqual([1, 3]);
  expect(allowedClasses(twice, { deny: ['crane', 1] })).toEqual([3]);
  expect(allowedClasses(twice, { allow: ['crane', 'dog'], deny: [2] })).toEqual([0, 3]);
  expect(allowedClasses(twice, { allow: [] })).toEqual([]);
});

it.each([
  [{ allow: [['0']] as never }, 'allow has ["0"], which is not a class of this model'],
  [
    { deny: [Symbol.iterator] as never },
    'deny has Symbol(Symbol.iterator), which is not a class of this model',
  ],
  [{ allow: ['bird'] }, 'allow has "bird", which is not a class of this model'],
  [
    { deny: [4] },
    'deny has 4, which is not a class of this model; its labels are in info.labels, its indices are 0 to 3',
  ],
  [{ deny: [0.5] }, 'deny has 0.5'],
  [{ allow: 'a' as unknown as string[] }, 'allow should be an array'],
])('refuses %j', (lists, says) => {
  expect(() => allowedClasses(labels, lists)).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(says) }),
  );
});
