// Every way a model's files have been thought of to be wrong: data for ../malformed.test.ts.
import { makeZip } from '../archives.js';
import { tinyArrays } from '../tiny-npz.js';
import { malformedConfigurations } from './configurations.js';
import { foreign } from './foreign.js';
import { malformedNpzs } from './npz.js';
import { config, whole, type Files, type Malformed } from './row.js';
import { malformedSafetensors } from './safetensors.js';
import { index, malformedShards, weightMap } from './sharded.js';
import { malformedTensors } from './tensors.js';
import { malformedZips, storedZip, zip } from './zip.js';

export const malformed: readonly Malformed[] = [
  ...malformedSafetensors,
  ...malformedTensors,
  ...foreign,
  ...malformedConfigurations,
  ...malformedZips,
  ...malformedNpzs,
  ...malformedShards,
];

/** The same in good order, to show that nothing else is wrong with the cases. */
export const wellFormed: readonly { name: string; files: () => Files }[] = [
  { name: 'a folder', files: () => ({ 'config.json': config, 'model.safetensors': whole }) },
  { name: 'a zip', files: () => ({ 'model.safetensors': zip }) },
  { name: 'a stored zip', files: () => ({ 'model.safetensors': storedZip }) },
  { name: 'an npz', files: () => ({ 'model.safetensors': makeZip(tinyArrays()) }) },
  { name: 'weights in several files', files: index(weightMap) },
];
