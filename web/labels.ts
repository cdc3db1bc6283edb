import { VitError } from './errors.js';
import { shown } from './shown.js';
import type { ClassifyOptions, Prediction } from './types.js';

/** The label of a class without a name. */
export function defaultLabel(index: number): string {
  return `class ${index}`;
}

/** Which predictions to give. */
export interface Choice {
  readonly topK: number;
  /** The least probability. */
  readonly threshold: number;
  /** The classes to choose from, in order; all of them by default. */
  readonly classes?: readonly number[] | undefined;
}

/** The most probable classes, the most probable first; of equals, the first in order. */
export function topPredictions(
  probabilities: Float32Array,
  labels: readonly string[],
  { topK, threshold, classes }: Choice,
): Prediction[] {
  const order = classes?.slice() ?? Array.from(probabilities, (_, index) => index);
  order.sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  const likely = order.filter((index) => probabilities[index] >= threshold);
  return likely.slice(0, topK).map((index) => predictionOf(index, probabilities[index], labels));
}

export function predictionOf(index: number, probability: number, labels: readonly string[]): Prediction {
  return { label: labels[index] ?? defaultLabel(index), probability, index };
}

/** The index of a class named by its label or its index; of several of that label the first. */
export function classOf(label: string | number, labels: readonly string[]): number {
  const index = typeof label === 'string' ? labels.indexOf(label) : label;
  if (isIndexOf(labels, index)) return index;
  throw new VitError(
    'invalid-argument',
    `${shown(label)} is not a class of this model; its labels are in info.labels, its indices are 0 to ` +
      `${labels.length - 1}.`,
  );
}

/** Whether the caller's value is a number, and one of them. */
function isIndexOf(labels: readonly string[], index: unknown): index is number {
  return typeof index === 'number' && index in labels;
}

/** The classes that `allow` and `deny` leave; undefined when neither is given. */
export function allowedClasses(
  labels: readonly string[],
  { allow, deny }: Pick<ClassifyOptions, 'allow' | 'deny'>,
): number[] | undefined {
  if (!allow && !deny) return undefined;
  const allowed = allow && new Set(classesOf('allow', allow, labels));
  const denied = new Set(deny && classesOf('deny', deny, labels));
  return [...labels.keys()].filter((index) => !denied.has(index) && (allowed?.has(index) ?? true));
}

/** The classes in a list of labels and indices. */
function classesOf(
  option: 'allow' | 'deny',
  list: readonly (string | number)[],
  labels: readonly string[],
): number[] {
  if (!Array.isArray(list))
    throw new VitError('invalid-argument', `${option} should be an array of labels or indices.`);
  return list.flatMap((one: string | number) => {
    const found =
      typeof one === 'string' ? [...labels.keys()].filter((index) => labels[index] === one) : [one];
    if (found.length > 0 && found.every((index) => isIndexOf(labels, index))) return found;
    throw new VitError(
      'invalid-argument',
      `${option} has ${shown(one)}, which is not a class of this model; its labels are in info.labels, ` +
        `its indices are 0 to ${labels.length - 1}.`,
    );
  });
}
