// What `convert` makes of a model with both towers: a folder that takes words, too, and gives the same answers.
import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { run } from '../cli/program.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';

const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-words-'));
afterAll(() => rm(folder, { recursive: true }));

const cases = zeroShotModels.flatMap((model) =>
  // Largest differences of probabilities, and of embeddings' values relative to the largest. In int8 from what quantizing
  // while loading gives: half precision of the rest tips values to other steps.
  [
    { dtype: 'fp32', probability: 0, value: 0 },
    { dtype: 'fp16', probability: 3e-3, value: 4e-3 },
    { dtype: 'int8', probability: 0.05, value: 0.15 },
  ].map((bounds) => ({ model, name: model.name, ...bounds })),
);

describe.each(cases)('$name to $dtype', ({ model, name, dtype, probability, value }) => {
  it('answers as before', async () => {
    const source = fileURLToPath(zeroShotFolder(model));
    const output = join(folder, `${name}-${dtype}`);
    const { status, errors } = await run('convert', source, '--dtype', dtype, '-o', output);
    expect({ status, errors }).toEqual({ status: 0, errors: '' });

    const answersOf = async (path: string) => {
      const loaded = await load(path, {
        labels: model.labels,
        ...(dtype === 'int8' && { dtype }),
      });
      const picture = makeImage(model.picture);
      const texts = await loaded.embedText(model.labels);
      const predictions = await loaded.classify(picture, { topK: 7 });
      const answers = {
        texts: texts.flatMap((text) => [...text]),
        picture: [...(await loaded.embed(picture))],
        probabilities: predictions.sort((a, b) => a.index - b.index).map((one) => one.probability),
        info: loaded.info,
      };
      loaded.dispose();
      return answers;
    };
    const [before, after] = [await answersOf(source), await answersOf(output)];
    const apart = (some: readonly number[], others: readonly number[]) =>
      some.reduce((most, one, at) => Math.max(most, Math.abs(one - others[at])), 0);
    const size = (values: readonly number[]) => apart(values, Array<number>(values.length).fill(0));
    expect(apart(after.probabilities, before.probabilities)).toBeLessThanOrEqual(probability);
    expect(apart(after.texts, before.texts)).toBeLessThanOrEqual(value * size(before.texts));
    expect(apart(after.picture, before.picture)).toBeLessThanOrEqual(value * size(before.picture));
    expect(after.info.dtype).toBe(dtype === 'int8' ? 'int8' : 'fp32');

    const kept = (await readdir(source)).filter((file) => !/expected|safetensors/.test(file));
    expect((await readdir(output)).sort()).toEqual([...kept, 'model.safetensors'].sort());
    for (const file of kept.filter((one) => one.startsWith('tokenizer'))) {
      expect(await readFile(join(output, file))).toEqual(await readFile(join(source, file)));
    }
  });
});

it('stores the layers of both towers in int8, and the scale of logits as it was', async () => {
  const bytes = await readFile(join(folder, 'clip-int8', 'model.safetensors'));
  const tensors = parseHeader(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())), 'model');
  const ofLayers = tensors.filter(({ name }) => /layers\.\d+\.(self_attn|mlp)\.\w+\.weight$/.test(name));
  expect(ofLayers).toHaveLength(2 * 6 + 2 * 6);
  expect(new Set(ofLayers.map(({ dtype }) => dtype))).toEqual(new Set(['I8']));
  expect(tensors.find(({ name }) => name === 'logit_scale')?.dtype).toBe('F32');
  const before = await stat(new URL('model.safetensors', zeroShotFolder(zeroShotModels[0])));
  expect(bytes.length).toBeLessThan(before.size);
});
