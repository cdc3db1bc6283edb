// What Hugging Face's configurations of ViTs have in common.
import { activations, type Activation, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import { blockCount, blocksHave, patchSizeOf, plain, sizeAt, type TensorsBySlot } from './family.js';

/** By the name in `hidden_act`. */
const hiddenActs: Readonly<Record<string, Activation>> = {
  gelu: activations.gelu,
  gelu_new: activations.geluTanh,
  gelu_pytorch_tanh: activations.geluTanh,
  quick_gelu: activations.quickGelu,
  relu: activations.relu,
  silu: activations.silu,
  swish: activations.silu,
};

/** The network of a ViT's config; families override what they differ in. */
export function huggingFaceNetwork(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const channels = fields.count('num_channels') ?? 3;
  if (channels !== 3) {
    throw fields.refusal(`asks for ${channels} channels; vit-wasm supports 3: red, green and blue`);
  }
  const [imageHeight, imageWidth] = fields.size('image_size') ?? [224, 224];
  const [patchHeight, patchWidth] = fields.size('patch_size') ?? patchSizeOf(tensors) ?? [16, 16];
  return {
    ...plain,
    imageHeight,
    imageWidth,
    patchHeight,
    patchWidth,
    positionRows: Math.max(1, Math.floor(imageHeight / patchHeight)),
    positionColumns: Math.max(1, Math.floor(imageWidth / patchWidth)),
    hidden: fields.count('hidden_size') ?? sizeAt(tensors, 'cls_token', -1) ?? 768,
    layers: fields.count('num_hidden_layers') ?? (blockCount(tensors) || 12),
    heads: fields.count('num_attention_heads') ?? 12,
    mlpHidden: fields.count('intermediate_size') ?? sizeAt(tensors, 'blocks.0.mlp.fc1.weight', 0) ?? 3072,
    classes: classCount(fields, tensors),
    layerNormEps: fields.positive('layer_norm_eps') ?? 1e-12,
    activation: activationOf(fields),
    qkvBias: fields.flag('qkv_bias') ?? blocksHave(tensors, 'attn.q.bias'),
    multiLabel: fields.get('problem_type') === 'multi_label_classification',
  };
}

/** The number of the head's outputs; without a head, the number of classes that the config asks for. */
function classCount(fields: JsonFields, tensors: TensorsBySlot): number {
  const outputs = sizeAt(tensors, 'head.weight', 0) ?? sizeAt(tensors, 'head.bias', 0);
  if (outputs !== undefined) return outputs;
  const architectures = fields.architectures();
  if (architectures.length === 0) return fields.object('id2label')?.names().length ?? 0;
  return architectures.some((name) => name.includes('ForImageClassification')) ? labelCount(fields) : 0;
}

/** How many classes a classifier's config names. */
export function labelCount(fields: JsonFields): number {
  return fields.object('id2label')?.names().length ?? fields.count('num_labels') ?? 2;
}

/** By the config's `hidden_act`. */
export function activationOf(fields: JsonFields): Activation {
  const name = fields.text('hidden_act') ?? 'gelu';
  if (Object.hasOwn(hiddenActs, name)) return hiddenActs[name];
  throw fields.error(`asks for hidden_act "${name}"; supported are ${Object.keys(hiddenActs).join(', ')}`);
}
