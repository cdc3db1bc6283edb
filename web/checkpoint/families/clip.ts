// The vision towers of CLIP and SigLIP: as classifiers that were fine-tuned from them, and CLIP's alone for embedding.
// What belongs to the text is left in the file.
import { activations, poolings, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import type { Family, NameRow, Spelling, TensorsBySlot } from './family.js';
import { huggingFaceNetwork, labelCount } from './hugging-face.js';

const rows: readonly NameRow[] = [
  { file: 'embeddings.class_embedding', slot: 'cls_token' },
  { file: 'embeddings.patch_embedding.*', slot: 'patch_embed.proj.*' },
  { file: 'embeddings.position_embedding.weight', slot: 'pos_embed' },
  { file: 'pre_layrnorm.*', slot: 'norm_pre.*' },
  { file: 'encoder.layers.{i}.layer_norm1.*', slot: 'blocks.{i}.norm1.*' },
  { file: 'encoder.layers.{i}.self_attn.q_proj.*', slot: 'blocks.{i}.attn.q.*' },
  { file: 'encoder.layers.{i}.self_attn.k_proj.*', slot: 'blocks.{i}.attn.k.*' },
  { file: 'encoder.layers.{i}.self_attn.v_proj.*', slot: 'blocks.{i}.attn.v.*' },
  { file: 'encoder.layers.{i}.self_attn.out_proj.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'encoder.layers.{i}.layer_norm2.*', slot: 'blocks.{i}.norm2.*' },
  { file: 'encoder.layers.{i}.mlp.fc1.*', slot: 'blocks.{i}.mlp.fc1.*' },
  { file: 'encoder.layers.{i}.mlp.fc2.*', slot: 'blocks.{i}.mlp.fc2.*' },
];

const finalNorm: NameRow = { file: 'post_layernorm.*', slot: 'norm.*' };
const classifier: NameRow = { file: 'classifier.*', slot: 'head.*', outside: true };

const ignored = [
  /^(text_model\.|text_projection\.|visual_projection\.|logit_scale$|logit_bias$)/, // what compares with text
  /^embeddings\.position_ids$/, // 0, 1, 2 …
  /^head\./, // SigLIP's attention pooling, which its classifiers do without
];

const prefix = 'vision_model.';

/** What both have in common; `fields` of a tower alone, or of a model that has one. */
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

/** A classifier sees tokens that have not been through the final norm; alone, CLIP norms the class token. */
const clipSpellings: readonly Spelling[] = [
  { prefix, rows: [...rows, classifier], ignored: [...ignored, /^post_layernorm\.(weight|bias)$/] },
  { prefix, rows: [...rows, finalNorm], ignored },
];

export const clip: Family = {
  title: 'CLIP',
  modelType: 'clip',
  processor: 'CLIPImageProcessor',
  claims: ({ model_type: type }) => type === 'clip' || type === 'clip_vision_model',
  spellings: clipSpellings,
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
      pooling: base.classes > 0 ? poolings.meanOfPatches : poolings.classToken,
    };
  },
};

export const siglip: Family = {
  title: 'SigLIP',
  modelType: 'siglip',
  processor: 'SiglipImageProcessor',
  spellings: [{ prefix, rows: [...rows, finalNorm, classifier], ignored }],
  network: (fields, tensors) => {
    const vision = fields.object('vision_config') ?? fields;
    const base = tower(fields, tensors);
    if (base.classes === 0) {
      throw fields.refusal(
        'describes a SigLIP model that pools by attention, which vit-wasm does not support; it reads classifiers ' +
          'fine-tuned from SigLIP (SiglipForImageClassification), and CLIP',
      );
    }
    return {
      ...base,
      layerNormEps: vision.positive('layer_norm_eps') ?? 1e-6,
      activation: vision.get('hidden_act') === undefined ? activations.geluTanh : base.activation,
      classToken: false,
      positionedPrefix: 0,
      pooling: poolings.meanOfTokens,
    };
  },
};
