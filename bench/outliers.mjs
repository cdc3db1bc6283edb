// `node bench/outliers.mjs`: what int8 does to DINOv3-S and EVA-02-S where activations are far larger than the rest, as
// they become in training. Weights are seeded, and the outliers put in: tokens that carry large values (registers of
// DINOv3, the class token of EVA-02), neurons that fire hard for every token, and channels that every norm amplifies.
// Errors are those of int8 against fp32, relative to fp32, after the last block.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '../dist/node.js';
import { workshop } from './models/checkpoint.mjs';
import { picture } from './models/picture.mjs';
import { seeded } from './models/random.mjs';
import { writeSafetensors } from './models/safetensors.mjs';

const hidden = 384;
const layers = 12;
const registers = 4;

/** Channels that hold outliers: the first so many of these. */
const outlying = Array.from({ length: 6 }, (_, i) => (i * 97 + 11) % hidden);

const cases = {
  none: {},
  'a token at 100 in 2 channels': { channels: 2, token: 100 },
  'a token at 500 in 2 channels': { channels: 2, token: 500 },
  '3 neurons at 20 in every block': { neurons: 20 },
  '6 channels × 10 behind every norm': { channels: 6, gain: 10 },
  '6 channels × 30 behind every norm': { channels: 6, gain: 30 },
};

const blocks = (shapes) =>
  Object.fromEntries(
    Array.from({ length: layers }, (_, i) =>
      Object.entries(shapes).map(([name, shape]) => [name.replace('{i}', i), shape]),
    ).flat(),
  );

const families = {
  'DINOv3-S': {
    config: {
      model_type: 'dinov3_vit',
      hidden_size: hidden,
      num_hidden_layers: layers,
      num_attention_heads: 6,
      intermediate_size: 1536,
      image_size: 224,
      patch_size: 16,
      num_register_tokens: registers,
      layer_norm_eps: 1e-5,
      rope_theta: 100,
    },
    shapes: {
      'embeddings.cls_token': [1, 1, hidden],
      'embeddings.mask_token': [1, 1, hidden],
      'embeddings.register_tokens': [1, registers, hidden],
      'embeddings.patch_embeddings.weight': [hidden, 3, 16, 16],
      'embeddings.patch_embeddings.bias': [hidden],
      ...blocks({
        'layer.{i}.norm1.weight': [hidden],
        'layer.{i}.norm1.bias': [hidden],
        'layer.{i}.norm2.weight': [hidden],
        'layer.{i}.norm2.bias': [hidden],
        'layer.{i}.attention.q_proj.weight': [hidden, hidden],
        'layer.{i}.attention.q_proj.bias': [hidden],
        'layer.{i}.attention.k_proj.weight': [hidden, hidden],
        'layer.{i}.attention.v_proj.weight': [hidden, hidden],
        'layer.{i}.attention.v_proj.bias': [hidden],
        'layer.{i}.attention.o_proj.weight': [hidden, hidden],
        'layer.{i}.attention.o_proj.bias': [hidden],
        'layer.{i}.layer_scale1.lambda1': [hidden],
        'layer.{i}.mlp.up_proj.weight': [1536, hidden],
        'layer.{i}.mlp.up_proj.bias': [1536],
        'layer.{i}.mlp.down_proj.weight': [hidden, 1536],
        'layer.{i}.mlp.down_proj.bias': [hidden],
        'layer.{i}.layer_scale2.lambda1': [hidden],
      }),
      'norm.weight': [hidden],
      'norm.bias': [hidden],
    },
    outlierToken: 'embeddings.register_tokens',
    neurons: /up_proj\.bias$/,
  },
  'EVA-02-S': {
    config: {
      architecture: 'eva02_small_patch14_224',
      num_classes: 1000,
      num_features: hidden,
      global_pool: 'avg',
      model_args: {
        img_size: 224,
        patch_size: 14,
        embed_dim: hidden,
        depth: layers,
        num_heads: 6,
        mlp_ratio: 8 / 3,
      },
      pretrained_cfg: {
        input_size: [3, 224, 224],
        mean: [0.5, 0.5, 0.5],
        std: [0.5, 0.5, 0.5],
        interpolation: 'bicubic',
        crop_pct: 1,
      },
    },
    shapes: {
      cls_token: [1, 1, hidden],
      pos_embed: [1, 1 + 256, hidden],
      'patch_embed.proj.weight': [hidden, 3, 14, 14],
      'patch_embed.proj.bias': [hidden],
      ...blocks({
        'blocks.{i}.norm1.weight': [hidden],
        'blocks.{i}.norm1.bias': [hidden],
        'blocks.{i}.norm2.weight': [hidden],
        'blocks.{i}.norm2.bias': [hidden],
        'blocks.{i}.attn.qkv.weight': [3 * hidden, hidden],
        'blocks.{i}.attn.q_bias': [hidden],
        'blocks.{i}.attn.v_bias': [hidden],
        'blocks.{i}.attn.proj.weight': [hidden, hidden],
        'blocks.{i}.attn.proj.bias': [hidden],
        'blocks.{i}.mlp.fc1.weight': [2048, hidden],
        'blocks.{i}.mlp.fc1.bias': [2048],
        'blocks.{i}.mlp.fc2.weight': [hidden, 1024],
        'blocks.{i}.mlp.fc2.bias': [hidden],
      }),
      'fc_norm.weight': [hidden],
      'fc_norm.bias': [hidden],
      'head.weight': [1000, hidden],
      'head.bias': [1000],
    },
    outlierToken: 'cls_token',
    neurons: /fc1\.bias$/,
  },
};

/** Weights such that tokens keep their size from block to block, with the outliers of a case. */
function tensor(fill, name, shape, family, { channels = 0, token = 0, neurons = 0, gain = 1 }) {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const chosen = outlying.slice(0, channels);
  if (/norm\d?\.weight$/.test(name)) {
    fill(values, 0.1, 1);
    if (/norm[12]/.test(name)) for (const channel of chosen) values[channel] *= gain;
  } else if (name.includes('layer_scale')) fill(values, 0.06, 0.3);
  else if (name.endsWith('bias')) {
    fill(values, 0.05);
    const every = values.length / 4;
    if (family.neurons.test(name))
      for (let at = 7; at < values.length; at += every) values[at] = neurons || values[at];
  } else if (/token|pos_embed/.test(name)) {
    fill(values, name === 'pos_embed' ? 0.3 : 1);
    if (name === family.outlierToken && token > 0) {
      values.forEach((_, at) => {
        if (chosen.includes(at % hidden)) values[at] += token;
      });
    }
  } else {
    const inputs = values.length / shape[0];
    // EVA-02 has no layer scale, so what a block adds is small by its weights.
    fill(values, (/attn\.proj|fc2/.test(name) ? 0.3 : 1) / Math.sqrt(inputs));
  }
  return values;
}

function relativeError(found, exact) {
  let [difference, whole] = [0, 0];
  exact.forEach((value, at) => {
    difference += (found[at] - value) ** 2;
    whole += value ** 2;
  });
  return Math.sqrt(difference / whole);
}

function cosine(a, b) {
  const dot = (x, y) => x.reduce((sum, value, at) => sum + value * y[at], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const file = join(workshop, 'outliers.safetensors');
mkdirSync(workshop, { recursive: true });
console.log('outliers'.padEnd(48), 'patches  embedding (cosine)');
for (const [name, family] of Object.entries(families)) {
  for (const [outliers, how] of Object.entries(cases)) {
    const fill = seeded(1);
    writeSafetensors(file, family.shapes, (tensorName, shape) =>
      tensor(fill, tensorName, shape, family, how),
    );
    const weights = readFileSync(file);
    const [exact, rounded] = await Promise.all(
      ['fp32', 'int8'].map(async (dtype) => {
        const model = await load({ weights, config: family.config }, { dtype });
        const { data, prefix } = await model.tokens(picture(224), { norm: false });
        const embedding = await model.embed(picture(224));
        model.dispose();
        return { patches: data.subarray(prefix * hidden), embedding };
      }),
    );
    const error = relativeError(rounded.patches, exact.patches).toFixed(3);
    console.log(
      `${name}, ${outliers}`.padEnd(48),
      `${error}    ${cosine(rounded.embedding, exact.embedding).toFixed(4)}`,
    );
  }
}
rmSync(file);
