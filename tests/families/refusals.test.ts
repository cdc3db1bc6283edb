import { expect, it } from '@jest/globals';

import { families, familiesFor } from '../../web/checkpoint/families/all.js';

it.each([
  ['donut-swin', 'is a Swin that does not classify'],
  ['convnext', 'is a convolutional network'],
  ['resnet', 'is a convolutional network'],
  ['mobilenet_v2', 'is a convolutional network'],
  ['dinov3_convnext', 'mixes convolutions or pyramids'],
  ['siglip2', 'takes pictures of any shape'],
  ['mobilevit', 'mixes convolutions or pyramids'],
  ['vit5', 'runs code of its own .load a CLIP, SigLIP or DINOv3 instead'],
  ['hiera', 'merges its tokens from stage to stage .load a Swin'],
  ['nomic_bert', 'runs code of its own .load a CLIP'],
  ['segformer', 'mixes convolutions or pyramids'],
  ['vit_hybrid', 'mixes convolutions or pyramids'],
  ['detr', 'is built for more than classifying'],
])('model_type %s is refused, and why it is no plain ViT is said', (modelType, what) => {
  expect(() => familiesFor({ model_type: modelType }, 'config.json')).toThrow(
    expect.objectContaining({
      code: 'unsupported-model',
      message: expect.stringMatching(
        new RegExp(
          `^config.json has model_type "${modelType}", which ${what}.* vit-wasm reads .*DINOv2.*\\.$`,
        ),
      ),
    }),
  );
});

it.each([['gpt2'], [7], [{}]])('model_type %j is refused without a reason', (modelType) => {
  expect(() => familiesFor({ model_type: modelType }, 'config.json')).toThrow(
    expect.objectContaining({
      code: 'unsupported-model',
      message: expect.stringContaining(`has model_type ${JSON.stringify(modelType)}; vit-wasm reads`),
    }),
  );
});

it('a config without model_type allows every family, one with it those that claim it', () => {
  expect(familiesFor({}, 'config.json')).toEqual(families);
  // An .npz of Google's may have a config.json of Hugging Face's beside it.
  expect(familiesFor({ model_type: 'vit' }, 'config.json').map(({ title }) => title)).toEqual([
    'Hugging Face ViT',
    'Google Research ViT',
  ]);
  for (const modelType of [
    'deit',
    'dinov2',
    'dinov2_with_registers',
    'vit_mae',
    'clip_vision_model',
    'dinov3_vit',
    'beit',
    'data2vec-vision',
    'aimv2',
    'aimv2_vision_model',
    'swin',
    'swinv2',
  ]) {
    expect(familiesFor({ model_type: modelType }, 'config.json')).toHaveLength(1);
  }
});
