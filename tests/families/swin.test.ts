// Swin Transformers beyond their answers, which hugging-face.test.ts and timm.test.ts compare: timm's sizes, what cannot
// be asked of stages, damaged files, int8 folders.
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load, type LoadOptions } from 'vit-wasm';

import type { SlotTensor } from '../../web/checkpoint/families/family.js';
import { timmSwin } from '../../web/checkpoint/families/timm-swin.js';
import { JsonFields } from '../../web/checkpoint/files/json.js';
import { fixtures, readJson } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';
import { failureOf } from '../web/tiny-checkpoint.js';

interface Architecture {
  name: string;
  imageSize: [number, number];
  embed: number;
  /** Blocks, heads, window, window of pretraining. */
  stages: [number, number, number, number][];
  /** 0 where a window is as large as the grid. */
  shifts: number[];
}

const architectures = await readJson<Architecture[]>('timm-swins.json');
const picture = makeImage({ kind: 'noise', seed: 1, width: 31, height: 26 });
const pathOf = (name: string) => fileURLToPath(new URL(`${name}/`, fixtures));

/** The shapes that say an architecture's sizes. */
function tensorsOf({ name, embed, stages }: Architecture): Map<string, SlotTensor> {
  const tensors = new Map<string, SlotTensor>([['patch_embed.proj.weight', { shape: [embed, 3, 4, 4] }]]);
  stages.forEach(([blocks, heads, window], stage) => {
    const width = embed * 2 ** stage;
    for (let i = 0; i < blocks; i++) {
      const block = `layers.${stage}.blocks.${i}`;
      tensors.set(`${block}.mlp.fc2.weight`, { shape: [width, 4 * width] });
      if (name.startsWith('swinv2')) tensors.set(`${block}.attn.logit_scale`, { shape: [heads, 1, 1] });
      else
        tensors.set(`${block}.attn.relative_position_bias_table`, {
          shape: [(2 * window - 1) ** 2, heads],
        });
    }
  });
  return tensors;
}

it.each(architectures)("$name has timm's stages", (architecture) => {
  const { name, imageSize, embed, stages, shifts } = architecture;
  const config = { architecture: name, pretrained_cfg: { input_size: [3, ...imageSize] } };
  const network = timmSwin.network(new JsonFields(config, 'config.json', 'config'), tensorsOf(architecture));
  expect(network).toMatchObject({ hidden: 8 * embed, mlpHidden: 32 * embed, heads: stages[3][1] });
  const given = network.windows.stages;
  stages.forEach(([blocks, heads, window, reference], stage) => {
    const [ofBlocks, ofHeads, ofWindow, shift, ofReference] = given.slice(5 * stage);
    expect([ofBlocks, ofHeads, ofWindow, ofReference]).toEqual([blocks, heads, window, reference]);
    // The engine drops it where a window is as large as the grid.
    expect(shift).toBe(shifts[stage] || Math.floor(window / 2));
  });
});

describe('a loaded Swin', () => {
  it('has tokens in the grid of its last stage', async () => {
    const model = await load(pathOf('families/swin'), { imageSize: { height: 18, width: 22 } });
    const { rows, columns, prefix, tokens, hidden } = await model.tokens(picture);
    expect({ rows, columns, prefix, tokens, hidden }).toEqual({
      rows: 5,
      columns: 6,
      prefix: 0,
      tokens: 30,
      hidden: 16,
    });
    expect(model.info).toMatchObject({ modelType: 'swin', layers: 4, heads: 4, hidden: 16 });
    model.dispose();
  });

  it('says that it cannot be looked into', async () => {
    const model = await load(pathOf('families/swinv2'));
    for (const asked of [
      model.attention(picture),
      model.explain(picture, 0),
      model.logitLens(picture),
      model.tokens(picture, { layer: 0 }),
    ]) {
      expect(await failureOf(asked)).toMatchObject({
        code: 'invalid-argument',
        message: expect.stringMatching(
          /^This model is a Swin Transformer, .* or load a plain Vision Transformer\.$/,
        ),
      });
    }
    expect((await model.tokens(picture, { layer: -1 })).tokens).toBe(16);
    model.dispose();
  });

  it.each([
    [
      'families/swin',
      { height: 4, width: 4 },
      'are not whole windows in stage 1, as the reference needs them',
    ],
    ['timm/swin-larger', { height: 24, width: 24 }, 'are not whole windows in stage 2'],
    ['families/swin', { height: 17, width: 16 }, 'not a whole number of patches'],
  ])('%s refuses images of %j', async (name, imageSize, says) => {
    expect(await failureOf(load(pathOf(name), { imageSize }))).toMatchObject({
      code: 'config',
      message: expect.stringContaining(says),
    });
  });
});

describe('a damaged Swin', () => {
  it.each([
    [{ depths: [2, 2, 2, 2, 2], num_heads: [1, 1, 1, 1, 1] }, 'config', 'more than 4 stages'],
    [{ depths: [2] }, 'config', '1 depths, but 2 num_heads'],
    [{ depths: [2, 0] }, 'config', 'between 1 and 1000 blocks in stage 2'],
    [{ depths: [2, 300] }, 'config', 'number of layers'],
    [{ depths: 'two' }, 'config', 'depths "two", but it should be a list of whole numbers'],
    [{ depths: [2, 1] }, 'tensors', 'is not a tensor of this model'],
    [{ depths: [2, 3] }, 'tensors', 'encoder.layers.1.blocks.2.layernorm_before.weight" is missing'],
    [{ num_heads: [3, 4] }, 'config', 'a width of 8 cannot be split into 3 attention heads in stage 1'],
    [{ window_size: 3 }, 'tensors', 'relative_position_bias_table" has shape [49, 2]'],
    [{ window_size: 2 ** 31 - 1 }, 'config', '1 to 256 tokens wide in stage 1'],
    [{ window_size: 0 }, 'config', 'window_size 0'],
    [{ embed_dim: 2 ** 30 }, 'config', 'hidden size'],
    [{ embed_dim: 6 }, 'tensors', 'has shape'],
    [{ image_size: 60_000 }, 'config', '65,536 tokens'],
    [{ mlp_ratio: 1e300 }, 'config', 'MLP'],
    [{ pretrained_window_sizes: [-1, 0] }, 'config', 'pretrained_window_sizes'],
  ])('with %j is refused', async (change, code, says) => {
    const folder = pathOf('families/swin');
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object;
    const weights = await readFile(join(folder, 'model.safetensors'));
    expect(await failureOf(load({ weights, config: { ...config, ...change } }))).toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });
});

describe.each(['families/swin', 'families/swinv2', 'timm/swin-before-0.9', 'timm/swinv2'])('%s', (name) => {
  const logitsOf = async (from: string, options: LoadOptions = {}) => {
    const model = await load(from, options);
    const logits = await model.logits(picture);
    model.dispose();
    return logits;
  };

  it('becomes an int8 folder that answers nearly as quantizing while loading does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-swin-'));
    const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
    const run = (...words: string[]) => execFileSync(process.execPath, [cli, ...words], { encoding: 'utf8' });
    try {
      const output = join(folder, 'int8');
      run('convert', pathOf(name), '--dtype', 'int8', '-o', output);
      expect(run('inspect', output)).toContain('I8 ');
      const stored = await logitsOf(output);
      const quantized = await logitsOf(pathOf(name), { dtype: 'int8' });
      const scale = Math.hypot(...quantized);
      // The bound of tests/stages/int8: what is stored as F16 tips activations to other steps.
      expect(Math.hypot(...stored.map((value, i) => value - quantized[i]))).toBeLessThan(0.07 * scale);
      // All of its matrices are bytes.
      const bytes = async (at: string) => (await readFile(join(at, 'model.safetensors'))).length;
      expect(await bytes(output)).toBeLessThan(await bytes(pathOf(name)));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
