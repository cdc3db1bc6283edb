// BEiT and data2vec-vision: relative positions, added to attention's scores, instead of learned ones; keys without a
// bias, LayerScale, and a head on the norm of the patches' mean.
import { poolings, relativePositions, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import { blocksHave, type Family, type NameRow, type Spelling, type TensorsBySlot } from './family.js';
import { huggingFaceNetwork } from './hugging-face.js';
import { vitBlocks } from './vit.js';

const rows: readonly NameRow[] = [
  { file: 'embeddings.cls_token', slot: 'cls_token' },
  { file: 'embeddings.position_embeddings', slot: 'pos_embed' },
  { file: 'embeddings.patch_embeddings.projection.*', slot: 'patch_embed.proj.*' },
  { file: 'layernorm.*', slot: 'norm.*' },
  { file: 'pooler.layernorm.*', slot: 'fc_norm.*' },
  { file: 'classifier.*', slot: 'head.*', outside: true },
];

/** What version 4 of transformers calls a table, then version 5. */
const tables: readonly (readonly NameRow[])[] = [
  [
    {
      file: 'encoder.relative_position_bias.relative_position_bias_table',
      slot: 'relative_position_bias_table',
    },
    {
      file: 'encoder.layer.{i}.attention.attention.relative_position_bias.relative_position_bias_table',
      slot: 'blocks.{i}.attn.relative_position_bias_table',
    },
    { file: 'encoder.layer.{i}.lambda_1', slot: 'blocks.{i}.ls1.gamma' },
    { file: 'encoder.layer.{i}.lambda_2', slot: 'blocks.{i}.ls2.gamma' },
  ],
  [
    { file: 'shared_position_bias.relative_position_bias_table', slot: 'relative_position_bias_table' },
    {
      file: 'layers.{i}.relative_position_bias.relative_position_bias_table',
      slot: 'blocks.{i}.attn.relative_position_bias_table',
    },
    { file: 'layers.{i}.lambda_1', slot: 'blocks.{i}.ls1.gamma' },
    { file: 'layers.{i}.lambda_2', slot: 'blocks.{i}.ls2.gamma' },
  ],
];

const ignored = [
  /^embeddings\.mask_token$/, // of masked-image pretraining,
  /^lm_head\./, // and its head
  /\.relative_position_index$/, // where in a table each pair of patches is, which follows from the grid
];

function spellings(prefix: string): Spelling[] {
  return vitBlocks.map((blocks, version) => ({
    prefix,
    rows: [...rows, ...blocks, ...tables[version]],
    ignored,
  }));
}

function network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const perBlock = fields.flag('use_relative_position_bias') ?? false;
  const shared = fields.flag('use_shared_relative_position_bias') ?? false;
  if (perBlock && shared) {
    throw fields.refusal('has relative positions both shared and per block, which no published BEiT has');
  }
  const learnedPositions = fields.flag('use_absolute_position_embeddings') ?? false;
  const normsMean = !tensors.has('norm.weight') && (fields.flag('use_mean_pooling') ?? true);
  return {
    ...huggingFaceNetwork(fields, tensors),
    learnedPositions,
    positionedPrefix: learnedPositions ? 1 : 0,
    relativePositions: perBlock
      ? relativePositions.perBlock
      : shared
        ? relativePositions.shared
        : relativePositions.none,
    qkvBias: true,
    keyBias: false,
    layerScale: (fields.get('layer_scale_init_value') ?? 0.1) !== 0 || blocksHave(tensors, 'ls1.gamma'),
    finalNorm: !normsMean,
    pooledNorm: normsMean,
    pooling: normsMean ? poolings.meanPatches : poolings.classToken,
  };
}

export const beit: Family = {
  title: 'BEiT',
  modelType: 'beit',
  spellings: spellings('beit.'),
  network,
  anySize: true,
  processor: 'BeitImageProcessor',
};

export const data2vecVision: Family = {
  ...beit,
  title: 'data2vec-vision',
  modelType: 'data2vec-vision',
  spellings: spellings('data2vec_vision.'),
};
