// AIMv2's vision tower: RMS norms, one of them on the patches before they get positions, gated MLPs, no class token.
// Its repositories have the authors' names, or transformers'.
import { activations, poolings, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import { blocksHave, sizeAt, type Family, type NameRow, type TensorsBySlot } from './family.js';
import { activationOf, huggingFaceNetwork } from './hugging-face.js';

/** The names of transformers. */
const rows: readonly NameRow[] = [
  { file: 'embeddings.patch_embed.*', slot: 'patch_embed.proj.*' },
  { file: 'embeddings.rms_norm.weight', slot: 'norm_pre.weight' },
  { file: 'embeddings.position_embedding.weight', slot: 'pos_embed' },
  { file: 'encoder.layers.{i}.rms_norm1.weight', slot: 'blocks.{i}.norm1.weight' },
  { file: 'encoder.layers.{i}.attention.q_proj.*', slot: 'blocks.{i}.attn.q.*' },
  { file: 'encoder.layers.{i}.attention.k_proj.*', slot: 'blocks.{i}.attn.k.*' },
  { file: 'encoder.layers.{i}.attention.v_proj.*', slot: 'blocks.{i}.attn.v.*' },
  { file: 'encoder.layers.{i}.attention.out_proj.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'encoder.layers.{i}.rms_norm2.weight', slot: 'blocks.{i}.norm2.weight' },
  { file: 'encoder.layers.{i}.ffn.gate_proj.*', slot: 'blocks.{i}.mlp.fc1_g.*' },
  { file: 'encoder.layers.{i}.ffn.up_proj.*', slot: 'blocks.{i}.mlp.fc1_x.*' },
  { file: 'encoder.layers.{i}.ffn.down_proj.*', slot: 'blocks.{i}.mlp.fc2.*' },
  { file: 'rms_norm.weight', slot: 'norm.weight' },
];

/** The names of the authors' files. */
const authorsRows: readonly NameRow[] = [
  { file: 'preprocessor.patchifier.proj.*', slot: 'patch_embed.proj.*' },
  { file: 'preprocessor.patchifier.norm.weight', slot: 'norm_pre.weight' },
  { file: 'preprocessor.pos_embed', slot: 'pos_embed' },
  { file: 'trunk.blocks.{i}.norm_1.weight', slot: 'blocks.{i}.norm1.weight' },
  {
    file: 'trunk.blocks.{i}.attn.qkv.*',
    slot: ['blocks.{i}.attn.q.*', 'blocks.{i}.attn.k.*', 'blocks.{i}.attn.v.*'],
  },
  { file: 'trunk.blocks.{i}.attn.proj.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'trunk.blocks.{i}.norm_2.weight', slot: 'blocks.{i}.norm2.weight' },
  { file: 'trunk.blocks.{i}.mlp.fc1.*', slot: 'blocks.{i}.mlp.fc1_g.*' },
  { file: 'trunk.blocks.{i}.mlp.fc3.*', slot: 'blocks.{i}.mlp.fc1_x.*' },
  { file: 'trunk.blocks.{i}.mlp.fc2.*', slot: 'blocks.{i}.mlp.fc2.*' },
  { file: 'trunk.post_trunk_norm.weight', slot: 'norm.weight' },
];

function check(fields: JsonFields): void {
  if (!fields.object('vision_config')) return;
  throw fields.refusal(
    'has a text tower beside its picture tower; load an AIMv2 without one instead, such as ' +
      '"apple/aimv2-large-patch14-224"',
  );
}

function network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  if (fields.flag('is_native') || !tensors.has('pos_embed')) {
    throw fields.refusal(
      'computes position embeddings for pictures of any size; load the AIMv2 of a fixed size instead',
    );
  }
  const projectionBias = blocksHave(tensors, 'attn.proj.bias');
  if (projectionBias !== blocksHave(tensors, 'mlp.fc2.bias')) {
    throw fields.refusal('has biases only in attention or only in the MLP, which no published AIMv2 has');
  }
  return {
    ...huggingFaceNetwork(fields, tensors),
    classes: 0,
    hidden: fields.count('hidden_size') ?? sizeAt(tensors, 'patch_embed.proj.weight', 0) ?? 1024,
    heads: fields.count('num_attention_heads') ?? 8,
    mlpHidden: sizeAt(tensors, 'blocks.0.mlp.fc2.weight', 1) ?? 2816,
    layerNormEps: fields.positive('rms_norm_eps') ?? 1e-5,
    activation: fields.get('hidden_act') === undefined ? activations.silu : activationOf(fields),
    projectionBias,
    classToken: false,
    positionedPrefix: 0,
    patchNorm: true,
    rmsNorm: true,
    gatedMlp: true,
    pooling: poolings.meanTokens,
  };
}

export const aimv2: Family = {
  title: 'AIMv2',
  modelType: 'aimv2_vision_model',
  claims: ({ model_type: type }) => type === 'aimv2' || type === 'aimv2_vision_model',
  check,
  processor: 'CLIPImageProcessor',
  spellings: [
    { prefix: '', rows, ignored: [/^head\./, /^embeddings\.position_ids$/] },
    { prefix: '', rows: authorsRows, ignored: [] },
  ],
  network,
};
