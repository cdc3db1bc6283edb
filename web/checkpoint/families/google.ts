// Google Research's ViTs, as Flax saves them: vision_transformer and AugReg, and the later big_vision. An archive has
// no configuration, but its shapes say nearly all.
import { activations, poolings, resamplings, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import {
  blockCount,
  patchSizeOf,
  plain,
  sizeAt,
  type Family,
  type NameRow,
  type TensorsBySlot,
} from './family.js';

/** A dense layer [inputs, outputs]; its slot is [outputs, inputs]. */
const dense = [[1], [0]];
/** [inputs, heads, head size] → [outputs, inputs]. */
const intoHeads = [[1, 2], [0]];
/** [heads, head size, outputs] → [outputs, inputs]. */
const outOfHeads = [[2], [0, 1]];
/** A bias [heads, head size] → [outputs]. */
const ofHeads = [[0, 1]];
/** A convolution [height, width, inputs, outputs]; its slot is [outputs, inputs, height, width]. */
const convolution = [[3], [2], [0], [1]];

/**
 * A `kernel` has Flax's order of axes; a `weight`, which `convert` writes so that it can be quantized by rows, the
 * slot's.
 */
function layer(
  file: string,
  slot: string,
  axes: NameRow['axes'] = dense,
  biasAxes?: NameRow['axes'],
): NameRow[] {
  return [
    { file: `${file}/kernel`, slot: `${slot}.weight`, axes },
    { file: `${file}/bias`, slot: `${slot}.bias`, axes: biasAxes },
    { file: `${file}/*`, slot: `${slot}.*` },
  ];
}

function norm(file: string, slot: string): NameRow[] {
  return [
    { file: `${file}/scale`, slot: `${slot}.weight` },
    { file: `${file}/bias`, slot: `${slot}.bias` },
  ];
}

/** An encoder block, whose parts the two code bases number differently. */
function block(norm1: number, attention: number, norm2: number, mlp: number): NameRow[] {
  const file = 'Transformer/encoderblock_{i}';
  const heads = `${file}/MultiHeadDotProductAttention_${attention}`;
  const projections = ['query', 'key', 'value'].flatMap((name) =>
    layer(`${heads}/${name}`, `blocks.{i}.attn.${name[0]}`, intoHeads, ofHeads),
  );
  return [
    ...norm(`${file}/LayerNorm_${norm1}`, 'blocks.{i}.norm1'),
    ...projections,
    ...layer(`${heads}/out`, 'blocks.{i}.attn.proj', outOfHeads),
    ...norm(`${file}/LayerNorm_${norm2}`, 'blocks.{i}.norm2'),
    ...layer(`${file}/MlpBlock_${mlp}/Dense_0`, 'blocks.{i}.mlp.fc1'),
    ...layer(`${file}/MlpBlock_${mlp}/Dense_1`, 'blocks.{i}.mlp.fc2'),
  ];
}

const around: readonly NameRow[] = [
  { file: 'cls', slot: 'cls_token' },
  ...layer('embedding', 'patch_embed.proj', convolution),
  ...norm('Transformer/encoder_norm', 'norm'),
  ...layer('pre_logits', 'pre_logits'),
  ...layer('head', 'head'),
];

const visionTransformer: readonly NameRow[] = [
  ...around,
  { file: 'Transformer/posembed_input/pos_embedding', slot: 'pos_embed' },
  ...block(0, 1, 2, 3),
];

const bigVision: readonly NameRow[] = [
  ...around,
  { file: 'pos_embedding', slot: 'pos_embed' },
  ...block(0, 0, 1, 0),
];

/** Prefixes of the parameters in training checkpoints. */
const prefixes = ['', 'opt/target/', 'params/', 'params/img/'];

/** What training checkpoints have besides. */
const ignored = [/^opt\/state\//, /^(step|states?|extra|model_state)(\/|$)/];

function networkOf(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const positions = sizeAt(tensors, 'pos_embed', -2) ?? 0;
  const [patchHeight, patchWidth] = patchSizeOf(tensors) ?? [16, 16];
  const classToken = tensors.has('cls_token');
  const hidden = sizeAt(tensors, 'pos_embed', -1) ?? 768;
  const grid = gridOf(fields, positions, classToken, [patchHeight, patchWidth]);
  return {
    ...plain,
    imageHeight: grid.rows * patchHeight,
    imageWidth: grid.columns * patchWidth,
    patchHeight,
    patchWidth,
    positionRows: grid.rows,
    positionColumns: grid.columns,
    positionedPrefix: positions - grid.rows * grid.columns,
    // As timm reads these files, whose own positions it resamples otherwise.
    positionResampling: resamplings.bilinear,
    classToken,
    hidden,
    layers: blockCount(tensors),
    heads: attentionHeads(tensors) ?? Math.max(1, Math.floor(hidden / 64)),
    mlpHidden: sizeAt(tensors, 'blocks.0.mlp.fc1.weight', 0) ?? 4 * hidden,
    classes: sizeAt(tensors, 'head.weight', 0) ?? 0,
    preLogits: sizeAt(tensors, 'pre_logits.weight', 0) ?? 0,
    // Without a class token big_vision takes the mean of the patches.
    pooling: classToken ? poolings.classToken : poolings.meanPatches,
    layerNormEps: fields.positive('layer_norm_eps') ?? 1e-6,
    activation: activations.gelu,
  };
}

/** From the queries' kernel [inputs, heads, head size], or their bias [heads, head size]. */
function attentionHeads(tensors: TensorsBySlot): number | undefined {
  const [kernel, bias] = ['weight', 'bias'].map((part) => tensors.get(`blocks.0.attn.q.${part}`)?.stored);
  if (kernel?.length === 3) return kernel[1];
  return bias?.length === 2 ? bias[0] : undefined;
}

/** Patches by rows and columns: a square, unless a config gives `image_size`. */
function gridOf(
  fields: JsonFields,
  positions: number,
  classToken: boolean,
  patch: readonly [number, number],
): { rows: number; columns: number } {
  const size = fields.size('image_size');
  if (size) return { rows: Math.floor(size[0] / patch[0]), columns: Math.floor(size[1] / patch[1]) };
  // big_vision adds positions to the patches before the class token comes, vision_transformer after.
  for (const patches of classToken ? [positions - 1, positions] : [positions]) {
    const edge = Math.round(Math.sqrt(Math.max(1, patches)));
    if (edge * edge === patches) return { rows: edge, columns: edge };
  }
  throw fields.error(
    `is missing, so the image size is unknown: ${positions} positions do not make a square of patches; ` +
      'pass a config with image_size [height, width]',
  );
}

export const google: Family = {
  title: 'Google Research ViT',
  modelType: 'vit',
  claims: ({ model_type: type }) => type === 'vit',
  spellings: prefixes.flatMap((prefix) =>
    [visionTransformer, bigVision].map((rows) => ({ prefix, rows, ignored })),
  ),
  saysSizes: true,
  network: networkOf,
};
