import { describe, expect, it } from '@jest/globals';

import { families } from '../../web/checkpoint/families/all.js';
import { mapNames } from '../../web/checkpoint/families/names.js';
import { failureOf, tinyTensors } from '../web/tiny-checkpoint.js';

const transformers4 = tinyTensors().map(({ name }) => name);

/** What transformers 5 calls the same tensors. */
const transformers5 = transformers4.map((name) =>
  name
    .replace('vit.encoder.layer.', 'vit.layers.')
    .replace('attention.attention.query', 'attention.q_proj')
    .replace('attention.attention.key', 'attention.k_proj')
    .replace('attention.attention.value', 'attention.v_proj')
    .replace('attention.output.dense', 'attention.o_proj')
    .replace('intermediate.dense', 'mlp.fc1')
    .replace('output.dense', 'mlp.fc2'),
);

const blockSlots = [
  'norm1.weight',
  'norm1.bias',
  'attn.q.weight',
  'attn.q.bias',
  'attn.k.weight',
  'attn.k.bias',
  'attn.v.weight',
  'attn.v.bias',
  'attn.proj.weight',
  'attn.proj.bias',
  'norm2.weight',
  'norm2.bias',
  'mlp.fc1.weight',
  'mlp.fc1.bias',
  'mlp.fc2.weight',
  'mlp.fc2.bias',
];
const slots = [
  'cls_token',
  'pos_embed',
  'patch_embed.proj.weight',
  'patch_embed.proj.bias',
  ...blockSlots.map((name) => `blocks.0.${name}`),
  ...blockSlots.map((name) => `blocks.1.${name}`),
  'norm.weight',
  'norm.bias',
  'head.weight',
  'head.bias',
];

describe.each([
  ['transformers 4', transformers4],
  ['transformers 5', transformers5],
])('names of %s', (_, names) => {
  it.each([
    ['as they are', (name: string) => name],
    ['without "vit."', (name: string) => name.replace(/^vit\./, '')],
    ['with "module."', (name: string) => `module.${name}`],
  ])('are mapped %s, there and back', (__, spell) => {
    const spelled = names.map(spell);
    const map = mapNames(spelled, 'the file', families);
    expect([...map.slots.entries()]).toEqual(spelled.map((name, i) => [name, { slots: [slots[i]] }]));
    expect(map.surplus.size).toBe(0);
    expect(slots.map((slot) => map.nameOf(slot))).toEqual(spelled);
  });
});

describe('names', () => {
  it('with two digits are mapped', () => {
    const name = 'vit.encoder.layer.11.layernorm_before.weight';
    expect(mapNames([name], 'the file', families).slots.get(name)).toEqual({
      slots: ['blocks.11.norm1.weight'],
    });
  });

  it('of one part go by its own row, others by that for any', () => {
    const query = 'Transformer/encoderblock_3/MultiHeadDotProductAttention_1/query';
    const names = ['kernel', 'bias', 'weight_spread_scale'].map((part) => `${query}/${part}`);
    expect([...mapNames(names, 'the file', families).slots.values()]).toEqual([
      { slots: ['blocks.3.attn.q.weight'], axes: [[1, 2], [0]] },
      { slots: ['blocks.3.attn.q.bias'], axes: [[0, 1]] },
      { slots: ['blocks.3.attn.q.weight_spread_scale'] },
    ]);
  });

  it('that classifying does not need are ignored', () => {
    const map = mapNames(
      [...transformers4, 'pooler.dense.weight', 'vit.pooler.dense.bias'],
      'the file',
      families,
    );
    expect(map.slots.size).toBe(transformers4.length);
    expect(map.surplus.size).toBe(0);
  });

  it('that mean nothing, or a slot that is taken, are surplus', () => {
    const more = [
      'vit.embeddings.distillation_token',
      'vit.encoder.layer.01.layernorm_before.weight',
      'vit.encoder.layer.0.layernorm_before.weights',
      'embeddings.cls_token',
    ];
    expect([...mapNames([...transformers4, ...more], 'the file', families).surplus]).toEqual(more);
  });

  it.each([
    [
      'of another architecture',
      ['model.layers.0.mlp.down_proj.weight'],
      'model.layers.0.mlp.down_proj.weight',
    ],
    ['of an empty file', [], 'it has none'],
  ])('%s are refused', async (_, names, says) => {
    const mapping = Promise.resolve().then(() => mapNames(names, 'the file', families));
    expect(await failureOf(mapping)).toMatchObject({
      code: 'unsupported-model',
      message: expect.stringContaining(says),
    });
  });
});
