// Checks of options and examples, before anything is computed.
import { checkOptions, wrong } from '../call-options.js';
import { VitError } from '../errors.js';
import type { FewShotClassifyOptions, FewShotMethod, FewShotOptions } from '../types.js';
import type { HeadSettings } from './examples.js';

const methods: readonly FewShotMethod[] = ['logistic', 'prototype', 'knn'];

/** The settings with their defaults. */
export function checkSettings(options: FewShotOptions): HeadSettings {
  checkOptions(options, ['method', 'pool', 'l2', 'neighbors'], 'fewShot');
  const { method = 'logistic', pool, l2 = 1, neighbors = 5 } = options;
  if (!methods.includes(method))
    throw wrong('method', method, methods.map((name) => `"${name}"`).join(' or '));
  if (pool !== undefined && pool !== 'cls' && pool !== 'mean') throw wrong('pool', pool, '"cls" or "mean"');
  if (!(typeof l2 === 'number' && l2 > 0 && l2 < Infinity)) throw wrong('l2', l2, 'a number above 0');
  if (!isCount(neighbors)) throw wrong('neighbors', neighbors, 'a whole number of at least 1');
  return { method, l2, neighbors };
}

export function checkClassifyOptions(options: FewShotClassifyOptions): void {
  checkOptions(options, ['topK', 'unknown', 'falseAlarms', 'region', 'signal'], 'classify');
  const { topK = 5, unknown = false, falseAlarms = 0.05 } = options;
  if (!isCount(topK)) throw wrong('topK', topK, 'a whole number of at least 1');
  if (typeof unknown !== 'boolean' && (typeof unknown !== 'string' || unknown === '')) {
    throw wrong('unknown', unknown, 'true, false or the label to use');
  }
  if (typeof falseAlarms !== 'number' || !(falseAlarms >= 0 && falseAlarms <= 1)) {
    throw wrong('falseAlarms', falseAlarms, 'a number from 0 to 1');
  }
}

export function checkLabel(label: unknown): void {
  if (typeof label !== 'string' || label === '')
    throw wrong('The label', label, 'a string that is not empty');
}

/** Refuses an embedding that this model cannot have made. */
export function checkEmbedding(embedding: Float32Array, width: number): void {
  if (embedding.length !== width) {
    throw new VitError(
      'invalid-argument',
      `The embedding has ${embedding.length} values, but this model's have ${width}; make it with this model.`,
    );
  }
  if (embedding.every(Number.isFinite)) return;
  throw new VitError(
    'invalid-argument',
    'The embedding has values that are infinite or NaN; leave out that picture.',
  );
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1;
}
