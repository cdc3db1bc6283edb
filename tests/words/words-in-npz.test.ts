// A model of pictures and texts whose weights are NumPy arrays, where no row can be read without the rest.
import { beforeAll, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { load } from 'vit-wasm';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { makeZip, npyOf } from '../formats/archives.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { failureOf, type Tensor } from '../web/tiny-checkpoint.js';

const [clip] = zeroShotModels;
const others = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'];

const read = async (name: string) => new Uint8Array(await readFile(new URL(name, zeroShotFolder(clip))));

let tensors: Tensor[];
beforeAll(async () => {
  const file = await read('model.safetensors');
  const data = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  tensors = parseHeader(file.subarray(8, data), 'model').map(({ name, dtype, shape, begin, end }) => ({
    ...{ name, dtype, shape: [...shape] },
    data: file.slice(data + begin, data + end),
  }));
});

/** The model's files, with the weights as an archive of arrays. */
async function filesOf(arrayOf: (tensor: Tensor) => Uint8Array<ArrayBuffer>): Promise<File[]> {
  const entries = tensors.map((tensor) => ({
    name: `${tensor.name}.npy`,
    data: arrayOf(tensor),
    deflated: true,
  }));
  const rest = await Promise.all(others.map(async (name) => new File([await read(name)], name)));
  return [new File([makeZip(entries)], 'model.npz'), ...rest];
}

it('reads the same rows of the table as from safetensors', async () => {
  const picture = makeImage(clip.picture);
  const options = { labels: clip.labels };
  const expected = await load(zeroShotFolder(clip), options);
  const loaded = await load(await filesOf(({ shape, data }) => npyOf(shape, data)), options);
  expect(await loaded.classify(picture)).toEqual(await expected.classify(picture));
  // Rows that come later are read from the file again.
  expect(await loaded.embedText('a lighthouse')).toEqual(await expected.embedText('a lighthouse'));
  loaded.dispose();
  expected.dispose();
});

it('refuses a table in Fortran order, whose rows are not one behind another', async () => {
  const files = await filesOf(({ name, shape, data }) =>
    npyOf(shape, data, { fortran: name.endsWith('token_embedding.weight') }),
  );
  expect(await failureOf(load(files, { labels: clip.labels }))).toMatchObject({
    code: 'unsupported-format',
    message: expect.stringContaining('token_embedding.weight" of model.npz is in Fortran order'),
  });
});
