// DINOv2, with and without registers: LayerScale, in its giant SwiGLU, and a classifier that sees the class token and
// the patches' mean. Position embeddings are resampled for whatever size the preprocessing gives.
import { activations, poolings, resamplings, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import { sizeAt, type Family, type NameRow, type Spelling, type TensorsBySlot } from './family.js';
import { huggingFaceNetwork } from './hugging-face.js';

const common: readonly NameRow[] = [
  { file: 'embeddings.cls_token', slot: 'cls_token' },
  { file: 'embeddings.register_tokens', slot: 'reg_token' },
  { file: 'embeddings.position_embeddings', slot: 'pos_embed' },
  { file: 'embeddings.patch_embeddings.projection.*', slot: 'patch_embed.proj.*' },
  { file: 'encoder.layer.{i}.norm1.*', slot: 'blocks.{i}.norm1.*' },
  { file: 'encoder.layer.{i}.layer_scale1.lambda1', slot: 'blocks.{i}.ls1.gamma' },
  { file: 'encoder.layer.{i}.norm2.*', slot: 'blocks.{i}.norm2.*' },
  { file: 'encoder.layer.{i}.mlp.fc1.*', slot: 'blocks.{i}.mlp.fc1.*' },
  { file: 'encoder.layer.{i}.mlp.fc2.*', slot: 'blocks.{i}.mlp.fc2.*' },
  { file: 'encoder.layer.{i}.layer_scale2.lambda1', slot: 'blocks.{i}.ls2.gamma' },
  { file: 'layernorm.*', slot: 'norm.*' },
  { file: 'classifier.*', slot: 'head.*', outside: true },
];

const blocks4: readonly NameRow[] = [
  { file: 'encoder.layer.{i}.attention.attention.query.*', slot: 'blocks.{i}.attn.q.*' },
  { file: 'encoder.layer.{i}.attention.attention.key.*', slot: 'blocks.{i}.attn.k.*' },
  { file: 'encoder.layer.{i}.attention.attention.value.*', slot: 'blocks.{i}.attn.v.*' },
  { file: 'encoder.layer.{i}.attention.output.dense.*', slot: 'blocks.{i}.attn.proj.*' },
  {
    file: 'encoder.layer.{i}.mlp.weights_in.*',
    slot: ['blocks.{i}.mlp.fc1_g.*', 'blocks.{i}.mlp.fc1_x.*'],
  },
  { file: 'encoder.layer.{i}.mlp.weights_out.*', slot: 'blocks.{i}.mlp.fc2.*' },
];

const blocks5: readonly NameRow[] = [
  { file: 'encoder.layer.{i}.attention.q_proj.*', slot: 'blocks.{i}.attn.q.*' },
  { file: 'encoder.layer.{i}.attention.k_proj.*', slot: 'blocks.{i}.attn.k.*' },
  { file: 'encoder.layer.{i}.attention.v_proj.*', slot: 'blocks.{i}.attn.v.*' },
  { file: 'encoder.layer.{i}.attention.o_proj.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'encoder.layer.{i}.mlp.gate_proj.*', slot: 'blocks.{i}.mlp.fc1_g.*' },
  { file: 'encoder.layer.{i}.mlp.up_proj.*', slot: 'blocks.{i}.mlp.fc1_x.*' },
  { file: 'encoder.layer.{i}.mlp.down_proj.*', slot: 'blocks.{i}.mlp.fc2.*' },
];

const ignored = [/^embeddings\.mask_token$/]; // of masked-image pretraining

function spellings(prefix: string): Spelling[] {
  return [blocks4, blocks5].map((blocks) => ({ prefix, rows: [...common, ...blocks], ignored }));
}

function network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const base = huggingFaceNetwork(fields, tensors);
  const gated = fields.flag('use_swiglu_ffn') ?? false;
  const width = Math.floor(base.hidden * (fields.positive('mlp_ratio') ?? 4));
  return {
    ...base,
    // The gated MLP has two thirds of the width, rounded up to a multiple of 8.
    mlpHidden:
      sizeAt(tensors, 'blocks.0.mlp.fc2.weight', 1) ??
      (gated ? Math.floor((Math.floor((width * 2) / 3) + 7) / 8) * 8 : width),
    layerNormEps: fields.positive('layer_norm_eps') ?? 1e-6,
    layerScale: true,
    gatedMlp: gated,
    activation: gated ? activations.silu : base.activation,
    pooling: base.classes > 0 ? poolings.classAndMean : poolings.classToken,
  };
}

export const dinov2: Family = {
  title: 'DINOv2',
  modelType: 'dinov2',
  spellings: spellings('dinov2.'),
  network,
  anySize: true,
  processor: 'BitImageProcessor',
};

export const dinov2WithRegisters: Family = {
  title: 'DINOv2 with registers',
  modelType: 'dinov2_with_registers',
  spellings: spellings('dinov2_with_registers.'),
  network: (fields, tensors) => ({
    ...network(fields, tensors),
    registers: fields.count('num_register_tokens') ?? sizeAt(tensors, 'reg_token', 1) ?? 4,
    positionResampling: resamplings.bicubicAntialiased,
  }),
  anySize: true,
  processor: 'BitImageProcessor',
};
