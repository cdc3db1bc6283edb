// The text encoders of CLIP and SigLIP: the same transformer over the tokens of texts.
import { activations, poolings, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import { encoderRows } from './clip.js';
import { blockCount, plain, sizeAt, type NameRow, type TensorsBySlot, type TextTower } from './family.js';
import { activationOf } from './hugging-face.js';

const rows: readonly NameRow[] = [
  { file: 'embeddings.position_embedding.weight', slot: 'pos_embed' },
  ...encoderRows,
  { file: 'final_layer_norm.*', slot: 'norm.*' },
];

const prefix = 'text_model.';

const tokenTable = /^text_model\.embeddings\.token_embedding\.weight$/;

const ignored = [
  /^(vision_model\.|visual_projection\.|logit_scale$|logit_bias$)/, // what belongs to pictures and probabilities
  /^embeddings\.(token_embedding\.weight|position_ids)$/, // of the table only a few rows are needed
];

interface Differences {
  readonly text: JsonFields;
  readonly tensors: TensorsBySlot;
  /** For what the config leaves out. */
  readonly length: number;
  readonly eps: number;
}

/** A text is a grid of one row; what the towers have in common. */
function network({ text, tensors, length, eps }: Differences): NativeConfig {
  const longest = text.count('max_position_embeddings') ?? length;
  return {
    ...plain,
    imageHeight: 1,
    imageWidth: longest,
    patchHeight: 1,
    patchWidth: 1,
    positionRows: 1,
    positionColumns: longest,
    hidden: text.count('hidden_size') ?? sizeAt(tensors, 'pos_embed', -1) ?? 512,
    layers: text.count('num_hidden_layers') ?? (blockCount(tensors) || 12),
    heads: text.count('num_attention_heads') ?? 8,
    mlpHidden: text.count('intermediate_size') ?? sizeAt(tensors, 'blocks.0.mlp.fc1.weight', 0) ?? 2048,
    classes: 0,
    layerNormEps: text.positive('layer_norm_eps') ?? eps,
    activation: activationOf(text),
    classToken: false,
    positionedPrefix: 0,
    text: true,
    pooling: poolings.lastToken,
  };
}

export const clipText: TextTower = {
  family: {
    title: "CLIP's text encoder",
    modelType: 'clip',
    spellings: [
      {
        prefix,
        rows: [...rows, { file: 'text_projection.weight', slot: 'joint_proj.weight', outside: true }],
        ignored,
      },
    ],
    network: (fields, tensors) => {
      const text = fields.object('text_config') ?? fields;
      const base = network({ text, tensors, length: 77, eps: 1e-5 });
      return {
        ...base,
        causal: true,
        activation: text.get('hidden_act') === undefined ? activations.quickGelu : base.activation,
        jointWidth: sizeAt(tensors, 'joint_proj.weight', 0) ?? fields.count('projection_dim') ?? 512,
      };
    },
  },
  table: tokenTable,
  longest: 77,
  probabilities: 'softmax',
  // The config of OpenAI's own files has a wrong eos_token_id, 2, and their end of text is the largest id.
  lengthOf: (ids, text) => {
    const end = text.get('eos_token_id') ?? 49407;
    const at = end === 2 ? ids.indexOf(Math.max(...ids)) : ids.indexOf(end as number);
    return at < 0 ? ids.length : at + 1;
  },
};

export const siglipText: TextTower = {
  family: {
    title: "SigLIP's text encoder",
    modelType: 'siglip',
    spellings: [{ prefix, rows: [...rows, { file: 'head.*', slot: 'joint_proj.*' }], ignored }],
    network: (fields, tensors) => {
      const text = fields.object('text_config') ?? fields;
      const base = network({ text, tensors, length: 64, eps: 1e-6 });
      return {
        ...base,
        activation: text.get('hidden_act') === undefined ? activations.geluTanh : base.activation,
        jointWidth: sizeAt(tensors, 'joint_proj.weight', 0) ?? base.hidden,
        jointBias: true,
      };
    },
  },
  table: tokenTable,
  longest: 64,
  probabilities: 'sigmoid',
  // Padding matters: the model was trained with texts of one length, and pools the last token.
  padded: true,
};
