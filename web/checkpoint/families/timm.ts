// timm's plain ViTs: vit_*, deit_* (distilled too), deit3_*, DINOv2 with and without registers, DINOv3, EVA and EVA-02,
// BEiT, CLIP's and SigLIP's towers. Their config.json has the architecture's name and how pictures are preprocessed,
// but no sizes: those are in the tensors' shapes; the rest is in timm-architectures.ts.
import {
  activations,
  poolings,
  relativePositions,
  type Activation,
  type NativeConfig,
  type Pooling,
  type RelativePositions,
} from '../../engine/bindings.js';
import { isJsonObject, type JsonFields, type JsonObject } from '../files/json.js';
import { timmPreprocess } from '../config/pretrained-cfg.js';
import {
  blockCount,
  blocksHave,
  patchSizeOf,
  plain,
  sizeAt,
  type Family,
  type NameRow,
  type TensorsBySlot,
} from './family.js';
import { hasLearnedPositions, rotaryOf } from './timm-rotary.js';
import { imageSizeOf, settingsOf, type Settings } from './timm-settings.js';
import {
  activationOf,
  checkArchitecture,
  epsOf,
  headsOf,
  isSwin,
  kindOf,
  poolsByAttention,
  poolsByAverage,
  resamplingOf,
} from './timm-architectures.js';

const sameNames = [
  ...['cls_token', 'dist_token', 'reg_token', 'pos_embed', 'patch_embed.proj.*', 'norm_pre.*'],
  ...['norm1', 'attn.q_norm', 'attn.k_norm', 'attn.norm', 'attn.proj'].map((name) => `blocks.{i}.${name}.*`),
  ...['norm2', 'mlp.fc1', 'mlp.fc1_g', 'mlp.fc1_x', 'mlp.norm', 'mlp.fc2'].map(
    (name) => `blocks.{i}.${name}.*`,
  ),
  ...['blocks.{i}.ls1.gamma', 'blocks.{i}.ls2.gamma', 'norm.*', 'fc_norm.*', 'head.*', 'head_dist.*'],
];

/** The engine's names are timm's, but for queries, keys and values, which timm has in one tensor, and EVA's. */
export const timmRows: readonly NameRow[] = [
  ...sameNames.map((name) => ({ file: name, slot: name })),
  ...['q', 'k', 'v'].map((name) => ({
    file: `blocks.{i}.attn.${name}_proj.*`,
    slot: `blocks.{i}.attn.${name}.*`,
  })),
  ...['q', 'v'].map((name) => ({
    file: `blocks.{i}.attn.${name}_bias`,
    slot: `blocks.{i}.attn.${name}.bias`,
  })),
  ...['1', '2'].map((name) => ({ file: `blocks.{i}.gamma_${name}`, slot: `blocks.{i}.ls${name}.gamma` })),
  ...['blocks.{i}.attn.', ''].map((name) => ({
    file: `${name || 'rel_pos_bias.'}relative_position_bias_table`,
    slot: `${name}relative_position_bias_table`,
  })),
  {
    file: 'blocks.{i}.attn.qkv.*',
    slot: ['blocks.{i}.attn.q.*', 'blocks.{i}.attn.k.*', 'blocks.{i}.attn.v.*'],
  },
];

/** Tensors of the attention pool. */
const poolRows: readonly NameRow[] = [
  ...['latent', 'q.*', 'proj.*', 'norm.*', 'mlp.fc1.*', 'mlp.fc2.*'].map((name) => ({
    file: `attn_pool.${name}`,
    slot: `attn_pool.${name}`,
  })),
  { file: 'attn_pool.kv.*', slot: ['attn_pool.k.*', 'attn_pool.v.*'] },
];

/** All tensors, for models with or without an attention pool. */
export const allTimmRows: readonly NameRow[] = [...timmRows, ...poolRows];

const indices = /\.relative_position_index$/; // of BEiT's older files: where in a table each pair of patches is

/** By the name in model_args' `act_layer`. */
const actLayers: Readonly<Record<string, Activation>> = {
  gelu: activations.gelu,
  gelu_tanh: activations.geluTanh,
  quick_gelu: activations.quickGelu,
  relu: activations.relu,
  silu: activations.silu,
  swish: activations.silu,
};

function network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const settings = settingsOf(fields);
  // Its norms have the names of those before attention and MLP, so no tensor shows it.
  if (settings.modelArgs?.flag('use_post_norm')) {
    throw settings.modelArgs.refusal(
      'sets use_post_norm; vit-wasm reads such models with norms before attention and MLP',
    );
  }
  const has = (slot: string) => tensors.has(slot);
  const hidden = sizeAt(tensors, 'patch_embed.proj.weight', 0) ?? 768;
  const [patchHeight, patchWidth] = patchSizeOf(tensors) ?? [16, 16];
  const [imageHeight, imageWidth] = imageSizeOf(settings);
  const mlpHidden = sizeAt(tensors, 'blocks.0.mlp.fc2.weight', 1) ?? 4 * hidden;
  const gatedMlp =
    has('blocks.0.mlp.fc1_g.weight') || sizeAt(tensors, 'blocks.0.mlp.fc1.weight', 0) === 2 * mlpHidden;
  const prefixTokens = {
    classToken: has('cls_token'),
    distillationToken: has('dist_token'),
    registers: sizeAt(tensors, 'reg_token', -2) ?? 0,
  };
  const learnedPositions = hasLearnedPositions(settings.architecture ?? '');
  const classes = sizeAt(tensors, 'head.weight', 0) ?? classesNamed(fields);
  return {
    ...plain,
    imageHeight,
    imageWidth,
    patchHeight,
    patchWidth,
    hidden,
    layers: blockCount(tensors),
    heads: attentionHeads(settings, hidden),
    mlpHidden,
    classes,
    layerNormEps: epsilon(settings, tensors),
    activation: activation(settings, gatedMlp ? activations.silu : activationOf(settings.architecture ?? '')),
    ...prefixTokens,
    ...positionsOf(
      tensors,
      Number(prefixTokens.classToken) + Number(prefixTokens.distillationToken) + prefixTokens.registers,
      [Math.floor(imageHeight / patchHeight), Math.floor(imageWidth / patchWidth)],
    ),
    relativePositions: relativePositionsOf(settings, tensors),
    learnedPositions,
    ...(!learnedPositions && { positionedPrefix: 0 }),
    rotary: rotaryOf(settings.architecture ?? '', settings.modelArgs),
    positionResampling: resamplingOf(settings.architecture ?? ''),
    patchBias: has('patch_embed.proj.bias'),
    qkvBias: blocksHave(tensors, 'attn.q.bias'),
    keyBias: blocksHave(tensors, 'attn.k.bias'),
    projectionBias: blocksHave(tensors, 'attn.proj.bias'),
    preNorm: has('norm_pre.weight'),
    qkNorm: blocksHave(tensors, 'attn.q_norm.weight'),
    attentionNorm: blocksHave(tensors, 'attn.norm.weight'),
    mlpNorm: blocksHave(tensors, 'mlp.norm.weight'),
    layerScale: blocksHave(tensors, 'ls1.gamma'),
    gatedMlp,
    finalNorm: has('norm.weight'),
    pooledNorm: has('fc_norm.weight'),
    pooling: poolingOf(settings, tensors, classes),
  };
}

/** How many there should be where the head is missing; 0 of a model that was saved without one. */
function classesNamed(fields: JsonFields): number {
  return fields.get('num_classes') === 0 ? 0 : (fields.count('num_classes') ?? 0);
}

/** Which prefix tokens have positions, and the grid that the others are for: the images', else a square. */
function positionsOf(
  tensors: TensorsBySlot,
  prefixTokens: number,
  [rows, columns]: readonly [number, number],
): Pick<NativeConfig, 'positionedPrefix' | 'positionRows' | 'positionColumns'> {
  const length = sizeAt(tensors, 'pos_embed', -2) ?? rows * columns;
  // All prefix tokens have positions or, with no_embed_class, none.
  const candidates = [prefixTokens, 0];
  for (const positionedPrefix of candidates) {
    if (length - positionedPrefix === rows * columns) {
      return { positionedPrefix, positionRows: rows, positionColumns: columns };
    }
  }
  for (const positionedPrefix of candidates) {
    const edge = Math.sqrt(length - positionedPrefix);
    if (Number.isInteger(edge)) return { positionedPrefix, positionRows: edge, positionColumns: edge };
  }
  return { positionedPrefix: prefixTokens, positionRows: rows, positionColumns: columns };
}

function relativePositionsOf({ architecture = '' }: Settings, tensors: TensorsBySlot): RelativePositions {
  if (tensors.has('relative_position_bias_table')) return relativePositions.shared;
  const perBlock = /^beit/.test(architecture) || blocksHave(tensors, 'attn.relative_position_bias_table');
  return perBlock ? relativePositions.perBlock : relativePositions.none;
}

function attentionHeads({ fields, architecture, modelArgs }: Settings, hidden: number): number {
  // With a width of its own, an architecture's heads are not those of its name.
  const widened = modelArgs?.get('embed_dim') !== undefined;
  const heads = modelArgs?.count('num_heads') ?? (widened ? undefined : headsOf(architecture ?? '', hidden));
  if (heads !== undefined) return heads;
  throw fields.error(
    `does not say how many attention heads share a width of ${hidden}; add num_heads to its model_args, as in ` +
      '{ "model_args": { "num_heads": 3 } }',
  );
}

function epsilon({ fields, architecture, modelArgs }: Settings, tensors: TensorsBySlot): number {
  const norm = modelArgs?.text('norm_layer');
  if (norm === 'layernorm' || norm === 'layernormfp32') return 1e-6;
  if (norm !== undefined) {
    throw fields.refusal(`asks for the norm_layer "${norm}"; supported is layernorm`);
  }
  // Among timm's plain ViTs only CLIP's have a norm before the blocks.
  return architecture === undefined && tensors.has('norm_pre.weight') ? 1e-5 : epsOf(architecture ?? '');
}

function activation({ fields, modelArgs }: Settings, usual: Activation): Activation {
  const name = modelArgs?.text('act_layer');
  if (name === undefined) return usual;
  if (Object.hasOwn(actLayers, name)) return actLayers[name];
  throw fields.refusal(
    `asks for the act_layer "${name}"; supported are ${Object.keys(actLayers).join(', ')}`,
  );
}

function poolingOf(settings: Settings, tensors: TensorsBySlot, classes: number): Pooling {
  const { fields, modelArgs, architecture = '' } = settings;
  const hasToken = tensors.has('cls_token') && !tensors.has('fc_norm.weight');
  const average = hasToken && !poolsByAverage(architecture) ? 'token' : 'avg';
  const asked = fields.text('global_pool') ?? modelArgs?.text('global_pool');
  const usual = poolsByAttention(architecture) ? 'map' : average;
  const name = asked === '' && classes === 0 ? average : (asked ?? usual);
  switch (name) {
    case 'token':
      return tensors.has('head_dist.weight') ? poolings.classAndDistillation : poolings.classToken;
    case 'avg':
      return poolsPrefix(settings) ? poolings.meanTokens : poolings.meanPatches;
    case 'map':
      if (!hasPrefix(tensors) || poolsPrefix(settings)) return poolings.attention;
      throw fields.refusal('pools by attention to its patches alone');
    default:
      throw fields.refusal(`has the global_pool "${name}"; supported are "token", "avg" and "map"`);
  }
}

function hasPrefix(tensors: TensorsBySlot): boolean {
  return ['cls_token', 'dist_token', 'reg_token'].some((name) => tensors.has(name));
}

function poolsPrefix({ architecture, modelArgs }: Settings): boolean {
  return modelArgs?.flag('pool_include_prefix') ?? /_pe_core_|^test_vit3$/.test(architecture ?? '');
}

function claims(config: JsonObject, map: boolean): boolean {
  const { architecture, model_type: type, global_pool: pool, model_args: args } = config;
  const name = typeof architecture === 'string' ? architecture : '';
  if ((!name && type !== 'timm_wrapper') || isSwin(config) || kindOf(name)) return false;
  const asked = pool ?? (isJsonObject(args) ? args['global_pool'] : undefined);
  return map === (asked === 'map' || (typeof asked !== 'string' && poolsByAttention(name)));
}

export const timm: Family = {
  title: 'timm',
  modelType: 'timm_wrapper',
  claims: (config) => claims(config, false),
  check: checkArchitecture,
  // SigLIP's files contain the attention pool even where the tower does not use it.
  spellings: [{ prefix: '', rows: timmRows, ignored: [indices, /^attn_pool\./] }],
  network,
  preprocess: (fields, image) => timmPreprocess(settingsOf(fields).pretrainedCfg, image),
};

/** Models that pool by attention. */
export const timmMap: Family = {
  ...timm,
  title: "timm's SigLIP",
  claims: (config) => claims(config, true),
  spellings: [{ prefix: '', rows: allTimmRows, ignored: [indices] }],
};
