// int8 against fp32, and its builds against each other. What a quantized kernel computes is checked to the bit in
// tests/cpp/quantization_test.cpp; here it is what the rounding does to whole networks.
import { describe, expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { variants } from '../engine.js';
import { fixtures } from '../golden/fixtures.js';
import { folderOf, goldenModels } from '../golden/models.js';
import { makeImage } from '../golden/noise.js';

const root = new URL('../../', import.meta.url);
// Several, because the error of one picture is chance: of one model it is between 0.01 and 0.2 of the logits here.
const pictures = Array.from({ length: 15 }, (_, i) =>
  makeImage({ kind: 'noise', seed: 7 + i, width: 61, height: 47 }),
);

/** The logits of every picture, by each variant. */
async function answersOf(folder: URL, dtype?: 'fp32' | 'int8') {
  const answers = [];
  for (const variant of variants) {
    const model = await load(folder, { dtype, variant });
    expect(model.info.dtype).toBe(dtype ?? 'int8');
    answers.push(await (model.info.classes > 0 ? model.logits(pictures) : model.embed(pictures)));
    model.dispose();
  }
  return answers;
}

const joined = (all: readonly Float32Array[]) => Float32Array.from(all.flatMap((logits) => [...logits]));

/** Root of the mean square of a − b, in terms of b's own. */
function relativeError(a: Float32Array, b: Float32Array): number {
  const square = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0);
  return Math.sqrt(square(a.map((value, i) => value - b[i])) / square(b));
}

const models = [
  ...goldenModels.map((model) => ({ name: model.name, folder: folderOf(model) })),
  // With rotary or relative positions, norms within the block, and keys without a bias.
  ...[
    'families/dinov3-head',
    'families/beit',
    'timm/eva02-small',
    'timm/eva02-clip',
    // Learned frequencies, computed biases, blocks of other kinds, RMS norms.
    'timm/rope-mixed',
    'timm/relpos',
    'timm/relpos-shared',
    'timm/perception-encoder-core',
    'timm/norms-after',
    'timm/parallel',
    'timm/parallel-rms',
    'timm/aimv2',
    // In windows.
    'families/swin',
    'families/swinv2',
    'timm/swin-larger',
  ].map((name) => ({
    name,
    folder: new URL(`${name}/`, fixtures),
  })),
];

describe.each(models)('model $name', ({ folder }) => {
  it('is the same to the bit in every variant, and near fp32', async () => {
    const [first, ...others] = await answersOf(folder, 'int8');
    for (const other of others) expect(other).toEqual(first);
    const [exact] = await answersOf(folder, 'fp32');
    const error = relativeError(joined(first), joined(exact));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.07);
  });
});

describe('the built-in model', () => {
  it('gives the same logits to the bit in every variant', async () => {
    const [first, ...others] = await answersOf(new URL('models/tinyimagenet-vit/', root));
    for (const other of others) expect(other).toEqual(first);
    expect(Math.max(...joined(first))).toBeGreaterThan(0);
  });

  it('holds int8 weights, and refuses to pretend otherwise', async () => {
    const model = await load('builtin');
    expect(model.info).toMatchObject({ dtype: 'int8', classes: 200, imageSize: { height: 64, width: 64 } });
    model.dispose();
    await expect(load('builtin', { dtype: 'fp32' })).rejects.toMatchObject({ code: 'unsupported-option' });
  });
});
