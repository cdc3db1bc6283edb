// timm's Swin Transformers: swin_*, swinv2_* and swin_s3_*. Their sizes are in the tensors' shapes, but for the windows
// of version 2, which are in the architecture's name.
import { activations, poolings, stageNumbers, type NativeConfig } from '../../engine/bindings.js';
import { timmPreprocess } from '../config/pretrained-cfg.js';
import type { JsonFields } from '../files/json.js';
import { patchSizeOf, plain, sizeAt, type Family, type NameRow, type TensorsBySlot } from './family.js';
import { isSwin } from './timm-architectures.js';
import { imageSizeOf, settingsOf, type Settings } from './timm-settings.js';

const names = ['norm1', 'attn.proj', 'norm2', 'mlp.fc1', 'mlp.fc2', 'attn.cpb_mlp.0', 'attn.cpb_mlp.2'].map(
  (name) => `${name}.*`,
);

const rows: readonly NameRow[] = [
  { file: 'patch_embed.proj.*', slot: 'patch_embed.proj.*' },
  { file: 'patch_embed.norm.*', slot: 'norm_pre.*' },
  ...[...names, 'attn.relative_position_bias_table', 'attn.logit_scale'].map((name) => ({
    file: `layers.{i}.blocks.{j}.${name}`,
    slot: `layers.{i}.blocks.{j}.${name}`,
  })),
  {
    file: 'layers.{i}.blocks.{j}.attn.qkv.*',
    slot: ['q', 'k', 'v'].map((name) => `layers.{i}.blocks.{j}.attn.${name}.*`),
  },
  ...['q', 'v'].map((name) => ({
    file: `layers.{i}.blocks.{j}.attn.${name}_bias`,
    slot: `layers.{i}.blocks.{j}.attn.${name}.bias`,
  })),
  { file: 'norm.*', slot: 'norm.*' },
];

/** Four tokens become one at the beginning of a stage, in the engine at the end of the one before. */
const sinceVersion09: readonly NameRow[] = [
  ...['norm', 'reduction'].map((name) => ({
    file: `layers.{i}.downsample.${name}.*`,
    slot: `layers.{i-1}.downsample.${name}.*`,
  })),
  { file: 'head.fc.*', slot: 'head.*' },
];

/** As in the authors' own files. */
const before: readonly NameRow[] = [
  ...['norm', 'reduction'].map((name) => ({
    file: `layers.{i}.downsample.${name}.*`,
    slot: `layers.{i}.downsample.${name}.*`,
  })),
  { file: 'head.*', slot: 'head.*' },
];

const ignored = [/\.(relative_position_index|relative_coords_table|attn_mask)$/]; // which follow from the windows

function network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const settings = settingsOf(fields);
  const [imageHeight, imageWidth] = imageSizeOf(settings);
  const [patchHeight, patchWidth] = patchSizeOf(tensors) ?? [4, 4];
  const positionRows = Math.max(1, Math.floor(imageHeight / patchHeight));
  const stages = stagesOf(settings, tensors, positionRows);
  const last = stages.length / stageNumbers - 1;
  const hidden = (sizeAt(tensors, 'patch_embed.proj.weight', 0) ?? 96) * 2 ** last;
  const classes = sizeAt(tensors, 'head.weight', 0) ?? 0;
  const pooling = fields.text('global_pool') ?? settings.modelArgs?.text('global_pool') ?? 'avg';
  if (pooling !== 'avg' && !(pooling === '' && classes === 0)) {
    throw fields.refusal(`has the global_pool "${pooling}"; supported is "avg"`);
  }
  return {
    ...plain,
    imageHeight,
    imageWidth,
    patchHeight,
    patchWidth,
    positionRows,
    positionColumns: Math.max(1, Math.floor(imageWidth / patchWidth)),
    hidden,
    layers: stages.filter((_, at) => at % stageNumbers === 0).reduce((sum, depth) => sum + depth, 0),
    heads: stages[last * stageNumbers + 1],
    mlpHidden: sizeAt(tensors, `layers.${last}.blocks.0.mlp.fc2.weight`, 1) ?? 4 * hidden,
    classes,
    layerNormEps: 1e-5,
    activation: activations.gelu,
    classToken: false,
    positionedPrefix: 0,
    learnedPositions: false,
    preNorm: true,
    qkvBias: tensors.has('layers.0.blocks.0.attn.q.bias'),
    keyBias: tensors.has('layers.0.blocks.0.attn.k.bias'),
    pooling: poolings.meanPatches,
    windows: { stages, cosine: isCosine(settings), asTimm: true },
  };
}

function isCosine({ architecture = '' }: Settings): boolean {
  return architecture.startsWith('swinv2_');
}

/** {@link NativeConfig}'s numbers for each stage that has tensors. */
function stagesOf(settings: Settings, tensors: TensorsBySlot, rows: number): number[] {
  const stages: number[] = [];
  for (let stage = 0; ; stage++) {
    const blocks = blocksOf(tensors, stage);
    if (blocks === 0) return stages.length > 0 ? stages : [1, 1, 1, 0, 0];
    const block = `layers.${stage}.blocks.0.attn`;
    const table = tensors.get(`${block}.relative_position_bias_table`)?.shape;
    const heads = table?.[1] ?? sizeAt(tensors, `${block}.logit_scale`, 0) ?? 1;
    const asked = table ? Math.ceil((Math.sqrt(table[0]) + 1) / 2) : windowOf(settings, stage);
    const window = isCosine(settings) ? Math.min(asked, Math.ceil(rows / 2 ** stage)) : asked;
    stages.push(blocks, heads, window, Math.floor(window / 2), referenceOf(settings, stage));
  }
}

function blocksOf(tensors: TensorsBySlot, stage: number): number {
  let blocks = 0;
  while (tensors.has(`layers.${stage}.blocks.${blocks}.mlp.fc2.weight`)) blocks++;
  return blocks;
}

/** `swinv2_base_window12to16_192to256` has windows of 16, and had 12. */
function windowOf({ architecture = '', modelArgs }: Settings, stage: number): number {
  const asked = modelArgs?.get('window_size');
  if (Array.isArray(asked)) return modelArgs?.wholes('window_size')?.[stage] ?? 1;
  const named = Number(/window(?:\d+to)?(\d+)/.exec(architecture)?.[1] ?? 8);
  return modelArgs?.count('window_size') ?? named;
}

/** Windows of pretraining; in the last stage half as large, for they were as large as the grid. */
function referenceOf({ architecture = '', modelArgs }: Settings, stage: number): number {
  const asked = modelArgs?.wholes('pretrained_window_sizes');
  if (asked) return asked[stage] ?? 0;
  const before = Number(/window(\d+)to/.exec(architecture)?.[1] ?? 0);
  return stage === 3 ? before / 2 : before;
}

export const timmSwin: Family = {
  title: "timm's Swin",
  modelType: 'timm_wrapper',
  claims: isSwin,
  spellings: [sinceVersion09, before].map((own) => ({ prefix: '', rows: [...rows, ...own], ignored })),
  network,
  preprocess: (fields, image) => timmPreprocess(settingsOf(fields).pretrainedCfg, image),
};
