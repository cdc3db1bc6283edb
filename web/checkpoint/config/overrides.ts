// Options of `load` that override a checkpoint.
import { VitError } from '../../errors.js';
import { filters, resizes, type NativePreprocess } from '../../engine/bindings.js';
import type { PreprocessOptions, Size } from '../../types.js';

/** The labels, some of them renamed, by name or index. */
export function relabeled(labels: readonly string[], names: Readonly<Record<string, string>> = {}): string[] {
  const renamed = [...labels];
  for (const [key, name] of Object.entries(names)) {
    const indices = [...labels.keys()].filter((index) => labels[index] === key || String(index) === key);
    if (indices.length === 0) {
      throw new VitError(
        'invalid-argument',
        `labels renames "${key}", but the model has no class with that name or index.`,
      );
    }
    for (const index of indices) renamed[index] = name;
  }
  return renamed;
}

/** The preprocessing with some of its steps changed, for a model that takes images of this size. */
export function overridden(
  preprocess: NativePreprocess,
  { fit, resample, rescaleFactor, mean, std }: PreprocessOptions,
  { height, width }: Size,
): NativePreprocess {
  return {
    ...preprocess,
    ...(fit && { resizeHeight: height, resizeWidth: width }),
    ...(fit === 'squash' && { resize: resizes.squash, cropHeight: 0, cropWidth: 0 }),
    ...(fit === 'crop' && {
      resize: height === width ? resizes.shortestEdge : resizes.cover,
      cropHeight: height,
      cropWidth: width,
    }),
    ...(resample && { filter: filters[resample] }),
    ...(rescaleFactor !== undefined && { rescaleFactor }),
    ...(mean && { mean: [...mean] }),
    ...(std && { std: [...std] }),
  };
}

/** What is wrong with the `preprocess` option: the field, and what it should be; undefined if it is valid. */
export function faultOf(preprocess: PreprocessOptions): [field: string, form: string] | undefined {
  const { fit, resample, rescaleFactor, mean, std, ...others } = preprocess;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return [unknown, 'left out: the fields are fit, resample, rescaleFactor, mean and std'];
  if (fit !== undefined && fit !== 'squash' && fit !== 'crop') return ['fit', '"squash" or "crop"'];
  if (resample !== undefined && !Object.hasOwn(filters, resample)) {
    return ['resample', Object.keys(filters).join(', ')];
  }
  if (rescaleFactor !== undefined && !(rescaleFactor > 0 && rescaleFactor < Infinity)) {
    return ['rescaleFactor', 'a positive number'];
  }
  if (mean !== undefined && !isTriple(mean)) return ['mean', 'three numbers, for R, G and B'];
  if (std !== undefined && !(isTriple(std) && std.every(Boolean))) {
    return ['std', 'three numbers, for R, G and B, none of them 0'];
  }
  return undefined;
}

function isTriple(value: unknown): value is number[] {
  return Array.isArray(value) && value.length === 3 && value.every(Number.isFinite);
}
