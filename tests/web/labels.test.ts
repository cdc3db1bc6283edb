import { expect, it } from '@jest/globals';

import { topPredictions } from '../../web/labels.js';

const probabilities = Float32Array.of(0.125, 0.5, 0.25, 0.125);
const labels = ['a', 'b', 'c', 'd'];

it('gives the most probable classes, the most probable first', () => {
  expect(topPredictions(probabilities, labels, 2)).toEqual([
    { label: 'b', probability: 0.5, index: 1 },
    { label: 'c', probability: 0.25, index: 2 },
  ]);
});

it('gives all classes when asked for more, equals in their order', () => {
  expect(topPredictions(probabilities, labels, 9).map(({ label }) => label)).toEqual(['b', 'c', 'a', 'd']);
});

it('numbers a class that has no label', () => {
  expect(topPredictions(Float32Array.of(1), [], 1)).toEqual([{ label: 'class 0', probability: 1, index: 0 }]);
});
