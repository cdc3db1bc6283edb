// Swin Transformers: blocks that attend within windows, in stages, each of half the height and width and twice as many
// channels as the one before. Version 2 compares queries and keys by their angle, and computes its biases.
import { poolings, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import type { Family, NameRow, TensorsBySlot } from './family.js';
import { huggingFaceNetwork } from './hugging-face.js';

const block = 'encoder.layers.{i}.blocks.{j}';
const slot = 'layers.{i}.blocks.{j}';

const around: readonly NameRow[] = [
  { file: 'embeddings.patch_embeddings.projection.*', slot: 'patch_embed.proj.*' },
  { file: 'embeddings.norm.*', slot: 'norm_pre.*' },
  { file: 'embeddings.position_embeddings', slot: 'pos_embed' },
  { file: `${block}.layernorm_before.*`, slot: `${slot}.norm1.*` },
  { file: `${block}.layernorm_after.*`, slot: `${slot}.norm2.*` },
  { file: 'encoder.layers.{i}.downsample.norm.*', slot: 'layers.{i}.downsample.norm.*' },
  { file: 'encoder.layers.{i}.downsample.reduction.*', slot: 'layers.{i}.downsample.reduction.*' },
  { file: 'layernorm.*', slot: 'norm.*' },
  { file: 'classifier.*', slot: 'head.*', outside: true },
];

/** As version 4 of transformers names them; of SwinV2 version 5, too. */
const blocks4: readonly NameRow[] = [
  { file: `${block}.attention.self.query.*`, slot: `${slot}.attn.q.*` },
  { file: `${block}.attention.self.key.*`, slot: `${slot}.attn.k.*` },
  { file: `${block}.attention.self.value.*`, slot: `${slot}.attn.v.*` },
  { file: `${block}.attention.output.dense.*`, slot: `${slot}.attn.proj.*` },
  { file: `${block}.intermediate.dense.*`, slot: `${slot}.mlp.fc1.*` },
  { file: `${block}.output.dense.*`, slot: `${slot}.mlp.fc2.*` },
  {
    file: `${block}.attention.self.relative_position_bias_table`,
    slot: `${slot}.attn.relative_position_bias_table`,
  },
  { file: `${block}.attention.self.logit_scale`, slot: `${slot}.attn.logit_scale` },
  {
    file: `${block}.attention.self.continuous_position_bias_mlp.0.*`,
    slot: `${slot}.attn.cpb_mlp.0.*`,
  },
  {
    file: `${block}.attention.self.continuous_position_bias_mlp.2.*`,
    slot: `${slot}.attn.cpb_mlp.2.*`,
  },
];

const blocks5: readonly NameRow[] = [
  { file: `${block}.attention.q_proj.*`, slot: `${slot}.attn.q.*` },
  { file: `${block}.attention.k_proj.*`, slot: `${slot}.attn.k.*` },
  { file: `${block}.attention.v_proj.*`, slot: `${slot}.attn.v.*` },
  { file: `${block}.attention.o_proj.*`, slot: `${slot}.attn.proj.*` },
  { file: `${block}.mlp.fc1.*`, slot: `${slot}.mlp.fc1.*` },
  { file: `${block}.mlp.fc2.*`, slot: `${slot}.mlp.fc2.*` },
  {
    file: `${block}.attention.relative_position_bias.relative_position_bias_table`,
    slot: `${slot}.attn.relative_position_bias_table`,
  },
];

const ignored = [
  /^embeddings\.mask_token$/, // of masked-image pretraining,
  /^decoder\./, // and what draws the picture again
  /\.relative_(position_index|coords_table)$/, // which follow from the window
];

const spellings = (prefix: string, blocks: readonly (readonly NameRow[])[]) =>
  blocks.map((rows) => ({ prefix, rows: [...around, ...rows], ignored }));

/** What the windows of the stages are, by the size of the grid in each. */
type WindowsOf = (fields: JsonFields, rows: readonly number[]) => readonly [window: number, shift: number][];

function network(
  fields: JsonFields,
  tensors: TensorsBySlot,
  windowsOf: WindowsOf,
  cosine: boolean,
): NativeConfig {
  const depths = fields.wholes('depths') ?? [2, 2, 6, 2];
  const heads = fields.wholes('num_heads') ?? [3, 6, 12, 24];
  const references = fields.wholes('pretrained_window_sizes') ?? [];
  if (heads.length !== depths.length) {
    throw fields.error(`has ${depths.length} depths, but ${heads.length} num_heads`);
  }
  const usual = huggingFaceNetwork(fields, tensors);
  const [patchHeight, patchWidth] = fields.size('patch_size') ?? [4, 4];
  const positionRows = Math.max(1, Math.floor(usual.imageHeight / patchHeight));
  const hidden = (fields.count('embed_dim') ?? 96) * 2 ** (depths.length - 1);
  const windows = windowsOf(
    fields,
    depths.map((_, stage) => Math.floor(positionRows / 2 ** stage)),
  );
  const learnedPositions = fields.flag('use_absolute_embeddings') ?? false;
  return {
    ...usual,
    patchHeight,
    patchWidth,
    positionRows,
    positionColumns: Math.max(1, Math.floor(usual.imageWidth / patchWidth)),
    hidden,
    layers: depths.reduce((sum, depth) => sum + depth, 0),
    heads: heads[heads.length - 1],
    mlpHidden: Math.floor((fields.positive('mlp_ratio') ?? 4) * hidden),
    layerNormEps: fields.positive('layer_norm_eps') ?? 1e-5,
    qkvBias: fields.flag('qkv_bias') ?? true,
    keyBias: !cosine,
    classToken: false,
    positionedPrefix: 0,
    learnedPositions,
    preNorm: true,
    pooling: poolings.meanPatches,
    windows: {
      stages: depths.flatMap((depth, stage) => [
        depth,
        heads[stage],
        ...windows[stage],
        references[stage] ?? 0,
      ]),
      cosine,
      asTimm: false,
    },
  };
}

/** The same in all stages; the engine sees where a window is as large as the grid. */
const equalWindows: WindowsOf = (fields, rows) => {
  const window = fields.count('window_size') ?? 7;
  return rows.map(() => [window, Math.floor(window / 2)]);
};

/** No larger than the grid of the images of pretraining, and then not shifted. */
const fittingWindows: WindowsOf = (fields, rows) => {
  const window = fields.count('window_size') ?? 7;
  return rows.map((size) => [
    Math.max(1, Math.min(size, window)),
    size <= window ? 0 : Math.floor(window / 2),
  ]);
};

export const swin: Family = {
  title: 'Swin',
  modelType: 'swin',
  spellings: spellings('swin.', [blocks4, blocks5]),
  network: (fields, tensors) => network(fields, tensors, equalWindows, false),
  anySize: true,
};

export const swinv2: Family = {
  title: 'SwinV2',
  modelType: 'swinv2',
  spellings: spellings('swinv2.', [blocks4]),
  network: (fields, tensors) => network(fields, tensors, fittingWindows, true),
  anySize: true,
};
