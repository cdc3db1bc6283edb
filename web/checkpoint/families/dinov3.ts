// DINOv3: rotary positions instead of learned ones, so pictures of any size; keys without a bias, registers, LayerScale
// and, in some sizes, a gated MLP. Its official files have no head; a fine-tune's sees the class token, or that and the
// patches' mean.
import { poolings, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import { sizeAt, unrotated, type Family, type NameRow, type TensorsBySlot } from './family.js';
import { huggingFaceNetwork } from './hugging-face.js';

const rows: readonly NameRow[] = [
  { file: 'embeddings.cls_token', slot: 'cls_token', outside: true },
  { file: 'embeddings.register_tokens', slot: 'reg_token', outside: true },
  { file: 'embeddings.patch_embeddings.*', slot: 'patch_embed.proj.*', outside: true },
  { file: 'layer.{i}.norm1.*', slot: 'blocks.{i}.norm1.*' },
  { file: 'layer.{i}.attention.q_proj.*', slot: 'blocks.{i}.attn.q.*' },
  { file: 'layer.{i}.attention.k_proj.*', slot: 'blocks.{i}.attn.k.*' },
  { file: 'layer.{i}.attention.v_proj.*', slot: 'blocks.{i}.attn.v.*' },
  { file: 'layer.{i}.attention.o_proj.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'layer.{i}.layer_scale1.lambda1', slot: 'blocks.{i}.ls1.gamma' },
  { file: 'layer.{i}.norm2.*', slot: 'blocks.{i}.norm2.*' },
  { file: 'layer.{i}.mlp.down_proj.*', slot: 'blocks.{i}.mlp.fc2.*' },
  { file: 'layer.{i}.layer_scale2.lambda1', slot: 'blocks.{i}.ls2.gamma' },
  { file: 'norm.*', slot: 'norm.*', outside: true },
  { file: 'classifier.*', slot: 'head.*', outside: true },
];

/** `up_proj` is the whole first layer, or the half of it that the gate multiplies. */
const plainMlp: readonly NameRow[] = [{ file: 'layer.{i}.mlp.up_proj.*', slot: 'blocks.{i}.mlp.fc1.*' }];
const gatedMlp: readonly NameRow[] = [
  { file: 'layer.{i}.mlp.gate_proj.*', slot: 'blocks.{i}.mlp.fc1_g.*' },
  { file: 'layer.{i}.mlp.up_proj.*', slot: 'blocks.{i}.mlp.fc1_x.*' },
];

const ignored = [/^embeddings\.mask_token$/]; // of masked-image pretraining

function network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const hidden = fields.count('hidden_size') ?? sizeAt(tensors, 'cls_token', -1) ?? 384;
  const qkvBias = flags(fields, 'query_bias', 'value_bias');
  const keyBias = fields.flag('key_bias') ?? false;
  if (keyBias && !qkvBias) {
    throw fields.refusal('asks for keys with a bias and queries without, which no published DINOv3 has');
  }
  return {
    ...huggingFaceNetwork(fields, tensors),
    hidden,
    heads: fields.count('num_attention_heads') ?? 6,
    mlpHidden: fields.count('intermediate_size') ?? sizeAt(tensors, 'blocks.0.mlp.fc2.weight', 1) ?? 1536,
    layerNormEps: fields.positive('layer_norm_eps') ?? 1e-5,
    registers: fields.get('num_register_tokens') === 0 ? 0 : (fields.count('num_register_tokens') ?? 0),
    learnedPositions: false,
    positionedPrefix: 0,
    rotary: { ...unrotated, theta: fields.positive('rope_theta') ?? 100 },
    qkvBias,
    keyBias,
    projectionBias: flags(fields, 'proj_bias', 'mlp_bias'),
    layerScale: true,
    gatedMlp: fields.flag('use_gated_mlp') ?? false,
    pooling: sizeAt(tensors, 'head.weight', 1) === 2 * hidden ? poolings.classAndMean : poolings.classToken,
  };
}

/** Two fields, true when they are absent, which the engine takes together. */
function flags(fields: JsonFields, one: string, other: string): boolean {
  const value = fields.flag(one) ?? true;
  if (value === (fields.flag(other) ?? true)) return value;
  throw fields.refusal(`has different values for ${one} and ${other}, which no published DINOv3 has`);
}

export const dinov3: Family = {
  title: 'DINOv3',
  modelType: 'dinov3_vit',
  // The encoder's prefix is there from transformers 5 on.
  spellings: [plainMlp, gatedMlp].map((mlp) => ({ prefix: 'model.', rows: [...rows, ...mlp], ignored })),
  network,
  anySize: true,
  processor: 'DINOv3ViTImageProcessor',
};
