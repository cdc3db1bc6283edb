// The checkpoints of the race, as Hugging Face folders: real weights where there are any, else seeded ones.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/shell.mjs';
import { seeded } from './random.mjs';
import { writeSafetensors } from './safetensors.mjs';

/** Where everything that the benchmark makes goes; ignored by git. */
export const workshop = join(root, 'build/bench');
const given = join(process.env.VIT_SHARED ?? join(root, '../shared'), 'models');
/** Where the models of the race lie: apart for those of given weights, which a later run may be without. */
export const made = join(workshop, existsSync(given) ? 'models' : 'models-seeded');

/** The folder of a model's config.json and model.safetensors, made if need be. */
export function checkpointFolder(name, model) {
  const real = model.checkpoint && join(given, model.checkpoint);
  if (real && existsSync(join(real, 'model.safetensors'))) return real;
  const folder = join(made, name);
  if (!existsSync(join(folder, 'model.safetensors'))) writeSeeded(folder, model);
  return folder;
}

function writeSeeded(folder, model) {
  mkdirSync(folder, { recursive: true });
  const labels = Array.from({ length: model.classes }, (_, index) => [index, `class ${index}`]);
  const config = {
    model_type: 'vit',
    hidden_size: model.hidden,
    num_hidden_layers: model.layers,
    num_attention_heads: model.heads,
    intermediate_size: 4 * model.hidden,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-6,
    image_size: model.image,
    patch_size: model.patch,
    num_channels: 3,
    qkv_bias: true,
    id2label: Object.fromEntries(labels),
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, undefined, 2));
  const fill = seeded(1);
  const whole = join(folder, 'model.safetensors');
  writeSafetensors(`${whole}.part`, shapesOf(model), (name, shape) => seededTensor(fill, name, shape));
  renameSync(`${whole}.part`, whole);
}

/** Every tensor of a Hugging Face ViT with its shape. */
function shapesOf({ hidden, layers, image, patch, classes }) {
  const shapes = {};
  const weightAndBias = (name, outputs, ...inputs) => {
    shapes[`${name}.weight`] = [outputs, ...inputs];
    shapes[`${name}.bias`] = [outputs];
  };
  shapes['vit.embeddings.cls_token'] = [1, 1, hidden];
  shapes['vit.embeddings.position_embeddings'] = [1, (image / patch) ** 2 + 1, hidden];
  weightAndBias('vit.embeddings.patch_embeddings.projection', hidden, 3, patch, patch);
  for (let layer = 0; layer < layers; layer++) {
    const block = `vit.encoder.layer.${layer}`;
    weightAndBias(`${block}.layernorm_before`, hidden);
    for (const part of ['query', 'key', 'value']) {
      weightAndBias(`${block}.attention.attention.${part}`, hidden, hidden);
    }
    weightAndBias(`${block}.attention.output.dense`, hidden, hidden);
    weightAndBias(`${block}.layernorm_after`, hidden);
    weightAndBias(`${block}.intermediate.dense`, 4 * hidden, hidden);
    weightAndBias(`${block}.output.dense`, hidden, 4 * hidden);
  }
  weightAndBias('vit.layernorm', hidden);
  weightAndBias('classifier', classes, hidden);
  return shapes;
}

/** Spread so that activations stay near one in every layer, and errors show in the logits. */
function seededTensor(fill, name, shape) {
  const count = shape.reduce((product, size) => product * size, 1);
  const inputs = shape.length === 1 ? 100 : count / shape[0];
  const deviation =
    name.includes('embeddings.cls') || name.includes('position') ? 0.5 : 1 / Math.sqrt(inputs);
  const mean = /(layernorm\w*)\.weight$/.test(name) ? 1 : 0;
  return fill(new Float32Array(count), deviation, mean);
}
