// What the names of timm's architectures are taken to say, against what timm builds by those names.
import { describe, expect, it } from '@jest/globals';

import {
  activationOf,
  checkArchitecture,
  epsOf,
  headsOf,
} from '../../web/checkpoint/families/timm-architectures.js';
import { unrotated } from '../../web/checkpoint/families/family.js';
import { hasLearnedPositions, rotaryOf } from '../../web/checkpoint/families/timm-rotary.js';
import type { NativeRotary } from '../../web/engine/bindings.js';
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
  rotary?: NativeRotary;
  learnedPositions?: boolean;
}

const architectures = await readJson<Architecture[]>('timm-architectures.json');
const check = (architecture: string) =>
  checkArchitecture(new JsonFields({ architecture }, 'the file', 'config'));

describe('of the architectures of timm', () => {
  it.each(architectures.filter(({ hidden }) => hidden !== undefined))(
    '$name is read as it is built',
    ({ name, hidden = 0, heads, eps, activation, rotary = unrotated, learnedPositions = true }) => {
      expect(() => check(name)).not.toThrow();
      expect(headsOf(name, hidden)).toBe(heads);
      expect(epsOf(name)).toBe(eps);
      expect(rotaryOf(name, undefined)).toEqual(rotary);
      expect(hasLearnedPositions(name)).toBe(learnedPositions);
      // A gated MLP is seen by its shapes.
      if (activation !== 4) expect(activationOf(name)).toBe(activation);
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
    ['vit_relpos_base_patch16_224', 'computes relative position biases'],
    ['vit_base_patch16_rope_mixed_224', 'has learned how fast to rotate'],
    ['vit_base_r50_s16_224', 'begins with a convolutional network'],
    ['vit_small_patch16_18x2_224', 'computes attention and MLP in parallel'],
    ['vit_so150m_patch16_reg4_map_256', 'pools by attention'],
    ['swinv2_cr_tiny_224', 'attends in windows'],
    ['convnext_tiny', 'is a convolutional network'],
  ])('%s is recognized', (name, says) => {
    expect(() => check(name)).toThrow(says);
  });
});
