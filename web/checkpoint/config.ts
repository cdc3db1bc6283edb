// config.json and the tensors' shapes → the network's sizes and labels. What the file leaves out is taken from the
// shapes where they say it, else it has Hugging Face's default. The engine then holds every tensor to the outcome.
import { VitError } from '../errors.js';
import { defaultLabel } from '../labels.js';
import type { NativeConfig } from '../module.js';
import { isJsonObject, JsonFields, type JsonObject } from './json.js';
import type { TensorEntry } from './safetensors.js';

/** Hugging Face's `hidden_act` → the engine's number. */
const activations: Readonly<Record<string, number>> = {
  gelu: 0,
  gelu_new: 1,
  gelu_pytorch_tanh: 1,
  quick_gelu: 2,
  relu: 3,
  silu: 4,
  swish: 4,
};

/** The tensors of a file by slot. */
export type TensorsBySlot = ReadonlyMap<string, TensorEntry>;

/** Sizes from a config.json and the tensors of the same checkpoint. `file` is what messages call the config. */
export function networkOf(config: JsonObject, tensors: TensorsBySlot, file: string): NativeConfig {
  const fields = new JsonFields(config, file, 'config');
  checkKind(fields, file);
  const [imageHeight, imageWidth] = fields.size('image_size') ?? [224, 224];
  const [patchHeight, patchWidth] = fields.size('patch_size') ?? patchSize(tensors) ?? [16, 16];
  return {
    imageHeight,
    imageWidth,
    patchHeight,
    patchWidth,
    hidden: fields.count('hidden_size') ?? sizeAt(tensors, 'cls_token', 2) ?? 768,
    layers: fields.count('num_hidden_layers') ?? (blockCount(tensors) || 12),
    heads: fields.count('num_attention_heads') ?? 12,
    mlpHidden: fields.count('intermediate_size') ?? sizeAt(tensors, 'blocks.0.mlp.fc1.weight', 0) ?? 3072,
    classes: sizeAt(tensors, 'head.weight', 0) ?? labelCount(config) ?? 2,
    layerNormEps: fields.positive('layer_norm_eps') ?? 1e-12,
    activation: activation(fields),
    qkvBias: fields.flag('qkv_bias') ?? [...tensors.keys()].some((slot) => slot.endsWith('.attn.q.bias')),
  };
}

/** How many classes the config names; the weights of a head that is missing cannot say it. */
function labelCount(config: JsonObject): number | undefined {
  const names = config['id2label'];
  return isJsonObject(names) ? Object.keys(names).length : undefined;
}

/** The names of `classes` classes: those given, or the config's `id2label`, or `class 7`. */
export function labelsOf(
  config: JsonObject,
  classes: number,
  given: readonly string[] | undefined,
  file: string,
): string[] {
  if (given) {
    if (given.length === classes) return [...given];
    throw new VitError(
      'invalid-argument',
      `${given.length} labels were given, but the model has ${classes} classes.`,
    );
  }
  const names = config['id2label'] ?? undefined;
  if (names === undefined) return Array.from({ length: classes }, (_, index) => defaultLabel(index));
  const fields = new JsonFields(config, file, 'config');
  if (!isJsonObject(names))
    throw fields.error('has an id2label that is not an object of class numbers and names');
  const count = Object.keys(names).length;
  if (count !== classes) {
    throw fields.error(
      `names ${count} classes in id2label, but the model has ${classes}; pass \`labels\` to name them yourself`,
    );
  }
  return Array.from({ length: classes }, (_, index) => {
    const name = names[String(index)];
    return typeof name === 'string' ? name : defaultLabel(index);
  });
}

/** Refuses what is no plain ViT classifier. */
function checkKind(fields: JsonFields, file: string): void {
  const refuse = (what: string) => new VitError('unsupported-model', `${file} ${what}.`);
  const modelType = fields.get('model_type');
  if (modelType !== undefined && modelType !== 'vit') {
    throw refuse(
      `has model_type ${JSON.stringify(modelType)}; vit-wasm reads checkpoints of model_type "vit"`,
    );
  }
  const channels = fields.count('num_channels') ?? 3;
  if (channels !== 3)
    throw refuse(`asks for ${channels} channels; vit-wasm reads models of 3, red, green and blue`);
  if (fields.get('problem_type') === 'multi_label_classification') {
    throw refuse(
      'describes a multi-label classifier; vit-wasm reads models whose classes exclude each other',
    );
  }
}

function sizeAt(tensors: TensorsBySlot, slot: string, axis: number): number | undefined {
  return tensors.get(slot)?.shape[axis];
}

function patchSize(tensors: TensorsBySlot): [number, number] | undefined {
  const shape = tensors.get('patch_embed.proj.weight')?.shape;
  return shape?.length === 4 ? [shape[2], shape[3]] : undefined;
}

function blockCount(tensors: TensorsBySlot): number {
  const numbers = [...tensors.keys()].map((slot) => Number(/^blocks\.(\d+)\./.exec(slot)?.[1] ?? -1));
  return Math.max(-1, ...numbers) + 1;
}

function activation(fields: JsonFields): number {
  const name = fields.text('hidden_act') ?? 'gelu';
  if (Object.hasOwn(activations, name)) return activations[name];
  throw fields.error(`asks for hidden_act "${name}"; supported are ${Object.keys(activations).join(', ')}`);
}
