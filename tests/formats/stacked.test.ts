// Stacked blocks that are not what they should be; those that are: npz.test.ts.
import { expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { failureOf } from '../web/tiny-checkpoint.js';
import { makeZip, npyOf } from './archives.js';

it.each([
  ['without a block', [0, 8], false, 'tensors', 'shape [0, 8], whose first axis should be the blocks'],
  ['of too many blocks', [1001], false, 'tensors', 'shape [1001], whose first axis'],
  ['of no axis', [], false, 'tensors', 'shape [], whose first axis'],
  ['in Fortran order', [2, 4], true, 'unsupported-format', 'is stacked in Fortran order; save it in C order'],
] as const)('a tensor %s is refused', async (_, shape, fortran, code, says) => {
  const count = shape.reduce((a, b) => a * b, 1);
  const data = npyOf(shape, new Uint8Array(4 * count), { fortran });
  const name = 'params/Transformer/encoderblock/LayerNorm_0/scale';
  const error = await failureOf(load(makeZip([{ name: `${name}.npy`, data }])));
  expect(error).toMatchObject({ code, message: expect.stringContaining(`"${name}" of`) });
  expect(error).toMatchObject({ message: expect.stringContaining(says) });
});
