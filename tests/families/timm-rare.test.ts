// What is refused of timm's plain ViTs of which there are few, and how the tensors of parallel blocks are divided; what
// they compute is in timm.test.ts.
import { describe, expect, it } from '@jest/globals';

import { activations } from '../../web/engine/bindings.js';
import { familiesFor } from '../../web/checkpoint/families/all.js';
import { mapNames } from '../../web/checkpoint/families/names.js';
import { JsonFields, type JsonObject } from '../../web/checkpoint/files/json.js';

const familyOf = (config: JsonObject) => familiesFor(config, 'config.json')[0];
const networkOf = (config: JsonObject, slots: readonly string[] = []) =>
  familyOf(config).network(
    new JsonFields({ num_classes: 5, ...config }, 'config.json', 'config'),
    new Map(['patch_embed.proj.weight', ...slots].map((slot) => [slot, { shape: [384, 3, 16, 16] }])),
  );

describe('of timm is refused', () => {
  it.each(['mlp-swin', 'bias'])('rel_pos_type "%s"', (kind) => {
    const config = { architecture: 'vit_relpos_small_patch16_224', global_pool: 'avg' };
    expect(() => networkOf(config)).not.toThrow();
    expect(() => networkOf({ ...config, model_args: { rel_pos_type: kind } })).toThrow(
      expect.objectContaining({
        code: 'unsupported-model',
        message: `config.json has the rel_pos_type "${kind}"; supported is "mlp".`,
      }),
    );
  });

  it.each(['vit_base_patch16_rpn_224', 'vit_relpos_medium_patch16_rpn_224'])(
    '%s with a head on the class token',
    (architecture) => {
      expect(() => networkOf({ architecture, global_pool: 'avg' })).not.toThrow();
      expect(() => networkOf({ architecture, global_pool: 'token' }, ['cls_token'])).toThrow(
        'pools by class token',
      );
    },
  );
});

describe('what no tensor shows', () => {
  it.each([
    ['vit_pe_core_base_patch16_224', { use_rot_pos_emb: false }, 'sets use_rot_pos_emb to false'],
    ['eva02_tiny_patch14_224', { use_rot_pos_emb: false }, 'sets use_rot_pos_emb to false'],
    ['eva_giant_patch14_224', { use_rot_pos_emb: true }, 'sets use_rot_pos_emb to true'],
    ['eva02_tiny_patch14_224', { use_post_norm: true }, 'sets use_post_norm'],
    ['aimv2_large_patch14_224', { act_layer: 'mish' }, 'asks for the act_layer "mish"'],
  ])('%s with %j is refused', (architecture, model_args, says) => {
    const config = { architecture, global_pool: 'avg' };
    const args = { embed_dim: 384, num_heads: 6 };
    expect(() => networkOf({ ...config, model_args: args })).not.toThrow();
    expect(() => networkOf({ ...config, model_args: { ...args, ...model_args } })).toThrow(
      expect.objectContaining({ code: 'unsupported-model', message: expect.stringContaining(says) }),
    );
  });

  it('is taken from model_args: the activation of a gated MLP', () => {
    const gated = ['blocks.0.mlp.fc1_g.weight'];
    const config = { architecture: 'aimv2_large_patch14_224', global_pool: 'avg' };
    const args = { embed_dim: 384, num_heads: 6 };
    expect(networkOf({ ...config, model_args: args }, gated).activation).toBe(activations.silu);
    expect(networkOf({ ...config, model_args: { ...args, act_layer: 'gelu' } }, gated).activation).toBe(
      activations.gelu,
    );
  });

  it('is a Perception Encoder with labels, whose head is no projection', () => {
    const config = {
      architecture: 'vit_pe_core_base_patch16_224',
      model_args: { embed_dim: 384, num_heads: 6 },
    };
    expect(() => networkOf(config)).not.toThrow();
    expect(() => networkOf({ ...config, label_names: ['cat', 'dog'] })).toThrow('has label_names');
  });

  it('is what a layer scale would mean behind a norm', () => {
    const config = { architecture: 'vit_base_patch16_rpn_224', global_pool: 'avg' };
    expect(() => networkOf(config, ['blocks.0.ls1.gamma'])).toThrow('has layer scales');
  });
});

describe('in_proj of parallel blocks', () => {
  const config = { architecture: 'vit_pwee_patch16_reg1_gap_256', global_pool: 'avg' };
  const family = familyOf(config);
  const names = ['weight', 'bias'].map((part) => `blocks.3.in_proj.${part}`);
  const map = mapNames([...names, 'blocks.3.in_norm.weight', 'blocks.3.mlp_bias'], 'a file', [family]);
  const network = { ...networkOf(config), hidden: 16, mlpHidden: 24, qkvBias: true };

  it('is the first layer of the MLP, queries, keys and values', () => {
    expect(family.divided?.(map, network).slots.get('blocks.3.in_proj.bias')).toEqual({
      slots: ['mlp.fc1', 'attn.q', 'attn.k', 'attn.v'].map((slot) => `blocks.3.${slot}.bias`),
      sizes: [24, 16, 16, 16],
    });
  });

  it('is what messages call these', () => {
    const divided = family.divided?.(map, network);
    expect(divided?.nameOf('blocks.3.attn.k.weight')).toBe('blocks.3.in_proj.weight');
    expect(divided?.nameOf('blocks.3.mlp.fc1.bias')).toBe('blocks.3.in_proj.bias');
    expect(divided?.nameOf('blocks.3.norm1.bias')).toBe('blocks.3.in_norm.bias');
    const apart = family.divided?.(map, { ...network, qkvBias: false });
    expect(apart?.nameOf('blocks.3.mlp.fc1.bias')).toBe('blocks.3.mlp_bias');
    expect(apart?.nameOf('blocks.3.mlp.fc1.weight')).toBe('blocks.3.in_proj.weight');
  });
});
