// What is read of timm's config.json, and what is refused.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';

interface Config {
  architecture?: string;
  label_names?: unknown;
  label_descriptions?: unknown;
  model_args: Record<string, unknown>;
  pretrained_cfg: Record<string, unknown>;
}

const folder = new URL('timm/class-token/', fixtures);
const weights = new Uint8Array(await readFile(new URL('model.safetensors', folder)));
const text = await readFile(new URL('config.json', folder), 'utf8');

async function infoOf(change: (config: Config) => void, labels?: string[]) {
  const config = JSON.parse(text) as Config;
  change(config);
  const model = await load({ weights, config }, { variant: 'simd', labels });
  model.dispose();
  return model.info;
}

describe('a checkpoint of timm', () => {
  it('says what it is', async () => {
    expect(await infoOf(() => {})).toMatchObject({
      modelType: 'timm_wrapper',
      imageSize: { height: 16, width: 16 },
      patchSize: { height: 4, width: 4 },
      layers: 2,
      heads: 2,
      hidden: 16,
      classes: 5,
      labels: ['one', 'two', 'three', 'four', 'five'],
    });
  });

  it('is known by its tensors where the config has no architecture', async () => {
    const info = await infoOf((config) => delete config.architecture);
    expect(info.modelType).toBe('timm_wrapper');
  });

  it.each([
    ['without descriptions', (config: Config) => delete config.label_descriptions, ['n1', 'n2']],
    ['in the pretrained_cfg', inPretrainedCfg, ['one', 'two']],
    ['by number', (config: Config) => (config.label_names = byNumber), ['one', 'two']],
    ['not at all', (config: Config) => delete config.label_names, ['class 0', 'class 1']],
  ])('has labels %s', async (_, change, expected) => {
    const { labels } = await infoOf(change);
    expect(labels.slice(0, 2)).toEqual(expected);
  });

  it('takes labels from the caller before its own', async () => {
    const { labels } = await infoOf(() => {}, ['a', 'b', 'c', 'd', 'e']);
    expect(labels).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it.each([
    [
      'a width that tells no number of heads',
      (config: Config) => delete config.model_args.num_heads,
      'config',
      'does not say how many attention heads share a width of 16; add num_heads to its model_args',
    ],
    [
      'an architecture that is none of the plain ones',
      (config: Config) => (config.architecture = 'vit_base_r50_s16_224'),
      'unsupported-model',
      'the architecture "vit_base_r50_s16_224", which begins with a convolutional network (load',
    ],
    [
      'pooling by attention',
      (config: Config) => Object.assign(config, { global_pool: 'map' }),
      'unsupported-model',
      'pools by attention to its patches alone',
    ],
    [
      'another norm',
      (config: Config) => (config.model_args.norm_layer = 'rmsnorm'),
      'unsupported-model',
      'asks for the norm_layer "rmsnorm"',
    ],
    [
      'another activation',
      (config: Config) => (config.model_args.act_layer = 'mish'),
      'unsupported-model',
      'asks for the act_layer "mish"; supported are gelu, gelu_tanh',
    ],
    [
      'one channel',
      (config: Config) => (config.model_args.in_chans = 1),
      'unsupported-model',
      'asks for 1 channels',
    ],
    [
      'an input_size of two numbers',
      (config: Config) => (config.pretrained_cfg.input_size = [16, 16]),
      'config',
      'has input_size [16,16], but it should be a list of 3 whole numbers',
    ],
    [
      'too few labels',
      (config: Config) => (config.label_names = ['n1']),
      'config',
      'names 1 classes in label_names, but the model has 5',
    ],
    [
      'labels in words',
      (config: Config) => (config.label_names = 'five'),
      'config',
      'has a label_names that is neither',
    ],
  ])('is refused for %s', async (_, change, code, says) => {
    await expect(infoOf(change)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });
});

const byNumber = { 0: 'n1', 1: 'n2', 2: 'n3', 3: 'n4', 4: 'n5' };

function inPretrainedCfg(config: Config): void {
  const { label_names, label_descriptions } = config;
  Object.assign(config.pretrained_cfg, { label_names, label_descriptions });
  delete config.label_names;
  delete config.label_descriptions;
}
