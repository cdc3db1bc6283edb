// CLIP and SigLIP: their image encoders, alone, with text encoders beside them, or as classifiers that were fine-tuned
// from them. The text encoders are in clip-text.ts and with-texts.ts.
import { activations, poolings, type NativeConfig } from '../../engine/bindings.js';
import { JsonFields } from '../files/json.js';
import type { Family, NameRow, Spelling, TensorsBySlot } from './family.js';
import { huggingFaceNetwork, labelCount } from './hugging-face.js';

/** The encoder's tensors, named alike in both towers. */
export const encoderRows: readonly NameRow[] = [
  { file: 'encoder.layers.{i}.layer_norm1.*', slot: 'blocks.{i}.norm1.*' },
  { file: 'encoder.layers.{i}.self_attn.q_proj.*', slot: 'blocks.{i}.attn.q.*' },
  { file: 'encoder.layers.{i}.self_attn.k_proj.*', slot: 'blocks.{i}.attn.k.*' },
  { file: 'encoder.layers.{i}.self_attn.v_proj.*', slot: 'blocks.{i}.attn.v.*' },
  { file: 'encoder.layers.{i}.self_attn.out_proj.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'encoder.layers.{i}.layer_norm2.*', slot: 'blocks.{i}.norm2.*' },
  { file: 'encoder.layers.{i}.mlp.fc1.*', slot: 'blocks.{i}.mlp.fc1.*' },
  { file: 'encoder.layers.{i}.mlp.fc2.*', slot: 'blocks.{i}.mlp.fc2.*' },
];

const rows: readonly NameRow[] = [
  { file: 'embeddings.class_embedding', slot: 'cls_token' },
  { file: 'embeddings.patch_embedding.*', slot: 'patch_embed.proj.*' },
  { file: 'embeddings.position_embedding.weight', slot: 'pos_embed' },
  { file: 'pre_layrnorm.*', slot: 'norm_pre.*' },
  ...encoderRows,
];

const finalNorm: NameRow = { file: 'post_layernorm.*', slot: 'norm.*' };
const classifier: NameRow = { file: 'classifier.*', slot: 'head.*', outside: true };

/** What belongs to texts: their tower, and the scale of probabilities. */
const ofTexts = /^(text_model\.|text_projection\.|logit_scale$|logit_bias$)/;
const positionIds = /^embeddings\.position_ids$/; // 0, 1, 2 …

const prefix = 'vision_model.';

/** What both have in common; `fields` are those of a tower, or of a model that has one. */
function tower(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  return {
    ...huggingFaceNetwork(fields.object('vision_config') ?? fields, tensors),
    // These are not among the tower's own fields.
    classes: tensors.get('head.weight')?.shape[0] ?? (classifies(fields) ? labelCount(fields) : 0),
    multiLabel: fields.get('problem_type') === 'multi_label_classification',
    qkvBias: true,
  };
}

function classifies(fields: JsonFields): boolean {
  return fields.architectures().some((name) => name.endsWith('ForImageClassification'));
}

/** A classifier sees tokens that have not been through the final norm; otherwise CLIP norms the class token. */
const clipSpellings: readonly Spelling[] = [
  {
    prefix,
    rows: [...rows, classifier],
    ignored: [ofTexts, positionIds, /^visual_projection\./, /^post_layernorm\.(weight|bias)$/],
  },
  {
    prefix,
    rows: [
      ...rows,
      finalNorm,
      { file: 'visual_projection.weight', slot: 'joint_proj.weight', outside: true },
    ],
    ignored: [ofTexts, positionIds],
  },
];

export const clip: Family = {
  title: 'CLIP',
  modelType: 'clip',
  processor: 'CLIPImageProcessor',
  claims: ({ model_type: type }) => type === 'clip' || type === 'clip_vision_model',
  spellings: clipSpellings,
  texts: true,
  network: (fields, tensors) => {
    const vision = fields.object('vision_config') ?? fields;
    const base = tower(fields, tensors);
    return {
      ...base,
      layerNormEps: vision.positive('layer_norm_eps') ?? 1e-5,
      activation: vision.get('hidden_act') === undefined ? activations.quickGelu : base.activation,
      patchBias: false,
      preNorm: true,
      finalNorm: base.classes === 0,
      pooling: base.classes > 0 ? poolings.meanPatches : poolings.classToken,
      jointWidth: base.classes > 0 ? 0 : jointWidth(fields, tensors),
    };
  },
};

/** As wide as the projection that the file has; without one, as the config says of models that should have one. */
function jointWidth(fields: JsonFields, tensors: TensorsBySlot): number {
  const projects = fields
    .architectures()
    .some((name) => name === 'CLIPModel' || name === 'CLIPVisionModelWithProjection');
  const expected = projects ? (fields.count('projection_dim') ?? 512) : 0;
  return tensors.get('joint_proj.weight')?.shape[0] ?? expected;
}

const attentionPool: readonly NameRow[] = [
  { file: 'head.probe', slot: 'attn_pool.latent' },
  ...['weight', 'bias'].map((part) => ({
    file: `head.attention.in_proj_${part}`,
    slot: ['q', 'k', 'v'].map((one) => `attn_pool.${one}.${part}`),
  })),
  { file: 'head.attention.out_proj.*', slot: 'attn_pool.proj.*' },
  { file: 'head.layernorm.*', slot: 'attn_pool.norm.*' },
  { file: 'head.mlp.fc1.*', slot: 'attn_pool.mlp.fc1.*' },
  { file: 'head.mlp.fc2.*', slot: 'attn_pool.mlp.fc2.*' },
];

const isSiglip = (type: unknown) => type === 'siglip' || type === 'siglip_vision_model';

function siglipNetwork(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const vision = fields.object('vision_config') ?? fields;
  const base = tower(fields, tensors);
  return {
    ...base,
    layerNormEps: vision.positive('layer_norm_eps') ?? 1e-6,
    activation: vision.get('hidden_act') === undefined ? activations.geluTanh : base.activation,
    classToken: false,
    positionedPrefix: 0,
    pooling: base.classes > 0 ? poolings.meanTokens : poolings.attention,
  };
}

const siglipFamily = {
  modelType: 'siglip',
  processor: 'SiglipImageProcessor',
  network: siglipNetwork,
} as const;

/** SigLIP's classifiers do not use the attention pool, though their files may contain it. */
export const siglipClassifier: Family = {
  ...siglipFamily,
  title: 'SigLIP classifiers',
  claims: (config) => isSiglip(config['model_type']) && classifies(new JsonFields(config, '', 'config')),
  spellings: [{ prefix, rows: [...rows, finalNorm, classifier], ignored: [ofTexts, positionIds, /^head\./] }],
};

export const siglip: Family = {
  ...siglipFamily,
  title: 'SigLIP',
  claims: (config) => isSiglip(config['model_type']) && !classifies(new JsonFields(config, '', 'config')),
  spellings: [{ prefix, rows: [...rows, finalNorm, ...attentionPool], ignored: [ofTexts, positionIds] }],
  texts: true,
};
