// What DINOv3's and BEiT's configs can say that no engine could run, and files that do not fit what they say.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { failureOf } from '../web/tiny-checkpoint.js';

/** A golden model with another config. */
async function failure(name: string, changes: Record<string, unknown>) {
  const read = async (file: string) => new Uint8Array(await readFile(new URL(`${name}/${file}`, fixtures)));
  const json = async (file: string) =>
    JSON.parse(new TextDecoder().decode(await read(file))) as Record<string, unknown>;
  return failureOf(
    load({
      weights: await read('model.safetensors'),
      config: { ...(await json('config.json')), ...changes },
      ...(name.startsWith('families') && { preprocessor: await json('preprocessor_config.json') }),
    }),
  );
}

describe('a model with rotary or relative positions is refused', () => {
  it.each<[string, string, Record<string, unknown>, string, string]>([
    [
      'biases of queries alone',
      'families/dinov3',
      { value_bias: false },
      'unsupported-model',
      'query_bias and value_bias',
    ],
    ['a key bias alone', 'families/dinov3-5', { key_bias: true }, 'unsupported-model', 'keys with a bias'],
    [
      'biases of the MLP alone',
      'families/dinov3',
      { proj_bias: false },
      'unsupported-model',
      'proj_bias and mlp_bias',
    ],
    ['a base below 1', 'families/dinov3', { rope_theta: 0.5 }, 'config', 'base of the rotary frequencies'],
    ['a base that is no number', 'families/dinov3', { rope_theta: '100' }, 'config', 'rope_theta "100"'],
    ['odd attention heads', 'families/dinov3', { num_attention_heads: 8 }, 'config', 'a multiple of 4'],
    [
      'registers that are missing',
      'families/dinov3-5',
      { num_register_tokens: 2 },
      'tensors',
      '"embeddings.register_tokens" is missing',
    ],
    ['too many registers', 'families/dinov3', { num_register_tokens: 9 }, 'tensors', '[1, 9, 16]'],
    [
      'a gate that is missing',
      'families/dinov3',
      { use_gated_mlp: true },
      'tensors',
      'in each of its 2 parts',
    ],
    [
      'tables of both kinds',
      'families/beit',
      { use_shared_relative_position_bias: true },
      'unsupported-model',
      'both shared and per block',
    ],
    [
      'tables that are missing',
      'families/beit-shared-5',
      { use_relative_position_bias: true, use_shared_relative_position_bias: false },
      'tensors',
      'relative_position_bias_table',
    ],
    ['tables of another grid', 'families/beit', { image_size: 32 }, 'tensors', '[228, 2]'],
    [
      "timm's missing tables",
      'timm/class-token',
      { architecture: 'beit_base_patch16_224' },
      'tensors',
      'relative_position_bias_table" is missing',
    ],
    [
      "timm's missing positions",
      'timm/lingbot',
      { architecture: 'vit_small_patch16_224' },
      'tensors',
      '"pos_embed" is missing',
    ],
    [
      'changed rotary settings',
      'timm/lingbot',
      { model_args: { num_heads: 2, rope_temperature: 7 } },
      'unsupported-model',
      'sets rope_temperature',
    ],
  ])('for %s', async (_, name, changes, code, says) => {
    expect(await failure(name, changes)).toMatchObject({ code, message: expect.stringContaining(says) });
  });
});
