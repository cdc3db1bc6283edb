import { describe, expect, it } from '@jest/globals';

import { families, familiesFor } from '../../web/checkpoint/families/all.js';
import { plain, type TensorsBySlot } from '../../web/checkpoint/families/family.js';
import { JsonFields } from '../../web/checkpoint/files/json.js';
import { mapNames } from '../../web/checkpoint/families/names.js';
import { tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const all = tinyTensors();
const names = mapNames(
  all.map(({ name }) => name),
  'the file',
  families,
);
const tensors: TensorsBySlot = new Map(
  all.map((tensor) => [names.slots.get(tensor.name)?.slots[0] ?? '', tensor]),
);
const none: TensorsBySlot = new Map();

function networkOf(config: object, slots: TensorsBySlot) {
  const fields = new JsonFields({ ...config }, 'config.json', 'config');
  return familiesFor({ ...config }, 'config.json')[0].network(fields, slots);
}

const sizes = {
  ...plain,
  imageHeight: 8,
  imageWidth: 8,
  patchHeight: 4,
  patchWidth: 4,
  positionRows: 2,
  positionColumns: 2,
  hidden: 8,
  layers: 2,
  heads: 2,
  mlpHidden: 16,
  classes: 3,
  layerNormEps: 1e-12,
  activation: 0,
  qkvBias: true,
};

describe('the network of a config', () => {
  it('has its sizes', () => {
    expect(networkOf(tinyConfig, tensors)).toEqual(sizes);
  });

  it('has sizes from the shapes where the config has none', () => {
    const sparse = { image_size: 8, num_attention_heads: 2 };
    expect(networkOf(sparse, tensors)).toEqual(sizes);
  });

  it("has Hugging Face's defaults where neither says", () => {
    expect(networkOf({}, none)).toEqual({
      ...plain,
      imageHeight: 224,
      imageWidth: 224,
      patchHeight: 16,
      patchWidth: 16,
      positionRows: 14,
      positionColumns: 14,
      hidden: 768,
      layers: 12,
      heads: 12,
      mlpHidden: 3072,
      classes: 0,
      layerNormEps: 1e-12,
      activation: 0,
      qkvBias: false,
    });
  });

  it('may have sizes that are not square', () => {
    const config = { ...tinyConfig, image_size: [8, 16], patch_size: [4, 2] };
    expect(networkOf(config, tensors)).toMatchObject({
      imageHeight: 8,
      imageWidth: 16,
      patchHeight: 4,
      patchWidth: 2,
      positionRows: 2,
      positionColumns: 8,
    });
  });

  it.each([
    ['gelu', 0],
    ['gelu_new', 1],
    ['gelu_pytorch_tanh', 1],
    ['quick_gelu', 2],
    ['relu', 3],
    ['silu', 4],
  ])('has the activation %s', (name, activation) => {
    expect(networkOf({ ...tinyConfig, hidden_act: name }, tensors).activation).toBe(activation);
  });

  it.each([
    [
      'another architecture',
      { model_type: 'convnext' },
      'unsupported-model',
      'model_type "convnext", which is a convolutional network',
    ],
    ['another number of channels', { num_channels: 1 }, 'unsupported-model', '1 channels'],
    ['an unknown activation', { hidden_act: 'mish' }, 'config', 'hidden_act "mish"; supported are gelu, '],
    ['an activation from the prototype', { hidden_act: 'toString' }, 'config', 'hidden_act "toString"'],
    ['a size that is a string', { hidden_size: '8' }, 'config', 'hidden_size "8", but it should be a whole'],
    ['a size of 0', { num_hidden_layers: 0 }, 'config', 'num_hidden_layers 0'],
    ['half a head', { num_attention_heads: 1.5 }, 'config', 'num_attention_heads 1.5'],
    ['three edges', { image_size: [8, 8, 8] }, 'config', 'image_size [8,8,8]'],
    ['a negative epsilon', { layer_norm_eps: -1 }, 'config', 'layer_norm_eps -1'],
    ['a flag that is a number', { qkv_bias: 1 }, 'config', 'qkv_bias 1, but it should be true or false'],
  ])('is refused for %s', (_, fields, code, says) => {
    expect(() => networkOf({ ...tinyConfig, ...fields }, tensors)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(says) }),
    );
  });
});
