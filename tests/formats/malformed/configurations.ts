// JSON files that say what cannot be.
import type { VitErrorCode } from '../../../web/errors.js';
import { tinyConfig } from '../../web/tiny-checkpoint.js';
import { config, json, nothing, page, text, whole, type Malformed } from './row.js';

const with1 = (name: string, value: unknown, says: string, code: VitErrorCode = 'config'): Malformed => ({
  name: `config.json with ${name}`,
  files: () => ({
    'config.json': value instanceof Uint8Array ? value : json(value),
    'model.safetensors': whole,
  }),
  weights: 'model.safetensors',
  code,
  says,
});
const sized = (change: object) => ({ ...tinyConfig, ...change });

export const malformedConfigurations: readonly Malformed[] = [
  with1('nothing in it', nothing, 'not valid JSON'),
  with1('half of it missing', config.slice(0, 40), 'not valid JSON'),
  with1('a list', [], 'not a JSON object'),
  with1('a page', page, 'Got an HTML page', 'html'),
  with1(
    '2^31 as width',
    sized({ hidden_size: 2 ** 31 }),
    'hidden_size 2147483648, but it should be a whole number from 1',
  ),
  with1('2^32 + 8 as width', sized({ hidden_size: 2 ** 32 + 8 }), 'hidden_size 4294967304'),
  with1('1e300 layers', sized({ num_hidden_layers: 1e300 }), 'num_hidden_layers 1e+300'),
  with1('2^31 - 1 layers', sized({ num_hidden_layers: 2 ** 31 - 1 }), 'number of layers is 2147483647'),
  with1(
    '60,000 layers',
    sized({ num_hidden_layers: 60_000 }),
    'number of layers is 60000, but must be between 1 and 256',
  ),
  with1('256 layers', sized({ num_hidden_layers: 256 }), 'is missing', 'tensors'),
  with1('no layers', sized({ num_hidden_layers: 0 }), 'num_hidden_layers 0'),
  with1('-2 heads', sized({ num_attention_heads: -2 }), 'num_attention_heads -2'),
  with1('3 heads of width 8', sized({ num_attention_heads: 3 }), '3 attention heads'),
  with1('patches of 0', sized({ patch_size: 0 }), 'patch_size 0'),
  with1('patches of text', sized({ patch_size: '16' }), 'patch_size "16"'),
  with1('patches that do not divide the picture', sized({ image_size: 9 }), 'cannot be set up'),
  with1('a picture of 60,000', sized({ image_size: 60_000, patch_size: 2 }), 'tokens'),
  with1('an infinite epsilon', text(JSON.stringify(tinyConfig).replace('1e-12', '1e999')), 'layer_norm_eps'),
  ...['hidden_act', 'hidden_size', 'image_size', 'model_type', 'id2label', 'qkv_bias'].map((field) =>
    with1(
      `a ${field} that nests 5,000 deep`,
      text(`{"model_type":"vit","${field}":${'['.repeat(5000)}${']'.repeat(5000)}}`),
      'values within values, and at most 100 are read',
    ),
  ),
  with1('a hidden_act of a million characters', sized({ hidden_act: 'g'.repeat(1e6) }), 'hidden_act "ggg'),
  with1('an unknown activation', sized({ hidden_act: 'mish' }), 'hidden_act "mish"'),
  with1(
    'another architecture',
    sized({ model_type: 'convnext' }),
    'model_type "convnext"',
    'unsupported-model',
  ),
  with1('too few labels', sized({ id2label: { 0: 'a' } }), 'names 1 classes'),
  {
    name: 'no config.json',
    files: () => ({ 'model.safetensors': whole }),
    weights: 'model.safetensors',
    code: 'not-found',
    says: 'There is no config.json',
  },
  {
    name: 'a preprocessor_config.json that is no JSON',
    files: () => ({
      'config.json': config,
      'model.safetensors': whole,
      'preprocessor_config.json': text('{'),
    }),
    weights: 'model.safetensors',
    code: 'preprocessor',
    says: 'not valid JSON',
  },
  {
    name: 'a preprocessor_config.json that divides by nothing',
    files: () => ({
      'config.json': config,
      'model.safetensors': whole,
      'preprocessor_config.json': json({ size: 8, image_std: [1, 0, 1] }),
    }),
    weights: 'model.safetensors',
    code: 'preprocessor',
    says: 'has a 0 in image_std',
  },
];
