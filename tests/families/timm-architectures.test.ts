// What the names of timm's architectures are taken to say, against what timm builds by those names.
import { describe, expect, it } from '@jest/globals';

import {
  activationOf,
  checkArchitecture,
  epsOf,
  headsOf,
} from '../../web/checkpoint/families/timm-architectures.js';
import { families } from '../../web/checkpoint/families/all.js';
import { unrotated, type TensorsBySlot } from '../../web/checkpoint/families/family.js';
import { hasLearnedPositions, rotaryOf } from '../../web/checkpoint/families/timm-rotary.js';
import { poolings, type NativeRotary, type Pooling } from '../../web/engine/bindings.js';
import { JsonFields } from '../../web/checkpoint/files/json.js';
import { readJson } from '../golden/fixtures.js';

interface Architecture {
  name: string;
  /** Absent where it is no plain ViT. */
  hidden?: number;
  heads: number;
  eps: number;
  /** The engine's number. */
  activation: number;
  /** Absent where it has none. */
  rotary?: Partial<NativeRotary>;
  learnedPositions?: boolean;
  /** The engine's number, where norms do not come before attention and MLP one after the other. */
  blockOrder?: number;
  /** Whether all norms divide by the root of the mean square. */
  rmsNorm?: boolean;
  /** timm's `global_pool` where the caller gives none; absent where it is "token". */
  pool?: 'avg' | 'map';
}

const architectures = await readJson<Architecture[]>('timm-architectures.json');
const pools: Readonly<Record<string, Pooling>> = {
  token: poolings.classToken,
  avg: poolings.meanPatches,
  map: poolings.attention,
};
/** Those whose pooling by attention attends to prefix tokens, too. */
const poolsPrefix = /_pe_core_|^test_vit3$/;
/** Of a model whose blocks have no tensors but the one that says how wide it is. */
const tensorsOf = (hidden: number): TensorsBySlot =>
  new Map([['patch_embed.proj.weight', { shape: [hidden, 3, 16, 16] }]]);
const check = (architecture: string) =>
  checkArchitecture(new JsonFields({ architecture }, 'the file', 'config'));

describe('of the architectures of timm', () => {
  it.each(architectures.filter(({ hidden }) => hidden !== undefined))(
    '$name is read as it is built',
    ({ name, hidden = 0, heads, eps, activation, rotary, ...more }) => {
      const { learnedPositions = true, blockOrder = 0, rmsNorm = false } = more;
      expect(() => check(name)).not.toThrow();
      expect(headsOf(name, hidden)).toBe(heads);
      expect(epsOf(name)).toBe(eps);
      expect(rotaryOf(name, undefined)).toEqual({ ...unrotated, ...rotary });
      expect(hasLearnedPositions(name)).toBe(learnedPositions);
      const [family, ...others] = families.filter((one) => one.claims?.({ architecture: name }));
      expect(others).toEqual([]);
      const fields = new JsonFields({ architecture: name, global_pool: 'avg' }, 'the file', 'config');
      expect(family.network(fields, tensorsOf(hidden))).toMatchObject({ blockOrder, rmsNorm });
      // A gated MLP is seen by its shapes.
      if (activation !== 4) expect(activationOf(name)).toBe(activation);
    },
  );

  // With a class token and no norm behind the pooling, as one is made with `class_token=True`.
  it.each(architectures.filter(({ hidden }) => hidden !== undefined))(
    '$name pools as it is built where its config does not say how',
    ({ name, hidden = 0, pool = 'token' }) => {
      const [family] = families.filter((one) => one.claims?.({ architecture: name }));
      const fields = new JsonFields({ architecture: name }, 'the file', 'config');
      const tensors = new Map([...tensorsOf(hidden), ['cls_token', { shape: [1, 1, hidden] }]]);
      if (pool === 'map' && !poolsPrefix.test(name)) tensors.delete('cls_token');
      expect(family.network(fields, tensors).pooling).toBe(pools[pool]);
    },
  );

  it.each(architectures.filter(({ hidden }) => hidden === undefined))(
    '$name is refused by name',
    ({ name }) => {
      expect(() => check(name)).toThrow(
        expect.objectContaining({
          code: 'unsupported-model',
          message: expect.stringContaining(`"${name}", which`),
        }),
      );
    },
  );

  it.each([
    ['vit_base_r50_s16_224', 'begins with a convolutional network'],
    ['vit_small_patch16_18x2_224', 'computes several attentions in parallel'],
    ['vit_dpwee_patch16_reg1_gap_256', 'subtracts one attention from another'],
    ['eva02_enormous_patch14_clip_224', 'normalizes after attention and MLP'],
    ['vit_so150m_patch16_reg4_map_256', 'pools by attention to its patches alone (load the vit_*_gap_*'],
    ['vit_pe_core_gigantic_patch14_448', '(load the vit_pe_core_large_patch14_336 instead)'],
    ['hiera_tiny_224', 'merges its tokens'],
    ['swinv2_cr_tiny_224', 'uses an unsupported kind of window attention'],
    ['convnext_tiny', 'is a convolutional network'],
  ])('%s is recognized', (name, says) => {
    expect(() => check(name)).toThrow(says);
  });
});
