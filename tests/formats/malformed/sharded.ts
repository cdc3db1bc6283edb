// Weights in several files.
import type { VitErrorCode } from '../../../web/errors.js';
import { safetensors, tinyTensors } from '../../web/tiny-checkpoint.js';
import { config, json, page, text, type Files, type Malformed } from './row.js';

const tensorNames = tinyTensors().map(({ name }) => name);
const halves = [tinyTensors().slice(0, 20), tinyTensors().slice(20)];
export const weightMap = Object.fromEntries(
  tensorNames.map((name, i) => [name, i < 20 ? 'a.safetensors' : 'b.safetensors']),
);
export const index =
  (value: unknown, more: Files = {}) =>
  () => ({
    'config.json': config,
    'model.safetensors.index.json': value instanceof Uint8Array ? value : json({ weight_map: value }),
    'a.safetensors': safetensors(halves[0]),
    'b.safetensors': safetensors(halves[1]),
    ...more,
  });

const shards: readonly (readonly [name: string, code: VitErrorCode, says: string, files: () => Files])[] = [
  ['an index that is no JSON', 'not-safetensors', 'not valid JSON', index(text('{'))],
  ['an index that is a page', 'html', 'Got an HTML page', index(page)],
  ['an index without weight_map', 'not-safetensors', 'no weight_map', index(json({ metadata: {} }))],
  ['an empty weight_map', 'not-safetensors', 'its weight_map is empty', index({})],
  ['a tensor in no file', 'not-safetensors', 'should be in 7', index({ ...weightMap, x: 7 })],
  [
    'a file of another folder',
    'not-safetensors',
    'should be in "../a.safetensors"',
    index({ ...weightMap, x: '../a.safetensors' }),
  ],
  [
    'a file that is missing',
    'not-found',
    'lists c.safetensors, which is missing',
    index({ ...weightMap, x: 'c.safetensors' }),
  ],
  [
    'a tensor that is in another file',
    'not-safetensors',
    'is in a.safetensors, which should not contain it',
    index({ ...weightMap, [tensorNames[0]]: 'b.safetensors' }),
  ],
  [
    'a tensor that is in no file',
    'not-safetensors',
    '"x" is missing from b.safetensors',
    index({ ...weightMap, x: 'b.safetensors' }),
  ],
  [
    'a tensor in two files',
    'not-safetensors',
    'which should not contain it',
    index(weightMap, { 'b.safetensors': safetensors([halves[0][0], ...halves[1]]) }),
  ],
  [
    'a file that is a page',
    'html',
    'Got an HTML page from b.safetensors',
    index(weightMap, { 'b.safetensors': page }),
  ],
  [
    'a file that ends early',
    'truncated',
    'b.safetensors ends after',
    index(weightMap, { 'b.safetensors': safetensors(halves[1]).slice(0, -1) }),
  ],
  [
    'a tensor missing from all',
    'tensors',
    '"classifier.bias" is missing',
    index(without(weightMap, 'classifier.bias'), { 'b.safetensors': safetensors(halves[1].slice(0, -1)) }),
  ],
];

function without(map: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => key !== name));
}

export const malformedShards: readonly Malformed[] = shards.map(([name, code, says, files]) => ({
  name: `weights in several files with ${name}`,
  files,
  weights: 'model.safetensors',
  code,
  says,
}));
