// torchvision's VisionTransformer: vit_b_16 and its larger relatives. It comes without a config.json; what shapes do
// not say is the same for all of them, or a config may say it by the names of VisionTransformer's arguments.
import {
  cropRoundings,
  resizeRoundings,
  activations,
  filters,
  resamplings,
  resizes,
  type NativeConfig,
  type NativePreprocess,
} from '../../engine/bindings.js';
import type { Size } from '../../types.js';
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

const queriesKeysValues = ['q', 'k', 'v'].map((letter) => `blocks.{i}.attn.${letter}.*`);

const rows: readonly NameRow[] = [
  { file: 'class_token', slot: 'cls_token' },
  { file: 'conv_proj.*', slot: 'patch_embed.proj.*' },
  { file: 'encoder.pos_embedding', slot: 'pos_embed' },
  { file: 'encoder.layers.encoder_layer_{i}.ln_1.*', slot: 'blocks.{i}.norm1.*' },
  { file: 'encoder.layers.encoder_layer_{i}.self_attention.in_proj_*', slot: queriesKeysValues },
  { file: 'encoder.layers.encoder_layer_{i}.self_attention.out_proj.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'encoder.layers.encoder_layer_{i}.ln_2.*', slot: 'blocks.{i}.norm2.*' },
  { file: 'encoder.layers.encoder_layer_{i}.mlp.0.*', slot: 'blocks.{i}.mlp.fc1.*' },
  { file: 'encoder.layers.encoder_layer_{i}.mlp.3.*', slot: 'blocks.{i}.mlp.fc2.*' },
  // Before torchvision 0.14.
  { file: 'encoder.layers.encoder_layer_{i}.mlp.linear_1.*', slot: 'blocks.{i}.mlp.fc1.*' },
  { file: 'encoder.layers.encoder_layer_{i}.mlp.linear_2.*', slot: 'blocks.{i}.mlp.fc2.*' },
  { file: 'encoder.ln.*', slot: 'norm.*' },
  { file: 'heads.pre_logits.*', slot: 'pre_logits.*' },
  { file: 'heads.head.*', slot: 'head.*' },
];

/** The only one whose attention heads are not 64 wide: vit_h_14. */
const huge = { hidden: 1280, heads: 16 };

function network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const hidden = sizeAt(tensors, 'patch_embed.proj.weight', 0) ?? 768;
  const [patchHeight, patchWidth] = patchSizeOf(tensors) ?? [16, 16];
  // Its images are square, and the class token has a position.
  const edge = Math.max(1, Math.floor(Math.sqrt((sizeAt(tensors, 'pos_embed', -2) ?? 197) - 1)));
  return {
    ...plain,
    imageHeight: edge * patchHeight,
    imageWidth: edge * patchWidth,
    patchHeight,
    patchWidth,
    positionRows: edge,
    positionColumns: edge,
    positionResampling: resamplings.bicubicAligned,
    hidden,
    layers: blockCount(tensors),
    heads: attentionHeads(fields, hidden),
    mlpHidden: sizeAt(tensors, 'blocks.0.mlp.fc1.weight', 0) ?? 4 * hidden,
    classes: sizeAt(tensors, 'head.weight', 0) ?? 0,
    layerNormEps: 1e-6,
    activation: activations.gelu,
    preLogits: sizeAt(tensors, 'pre_logits.weight', 0) ?? 0,
  };
}

function attentionHeads(fields: JsonFields, hidden: number): number {
  const heads = fields.count('num_heads') ?? (hidden === huge.hidden ? huge.heads : hidden / 64);
  if (Number.isInteger(heads)) return heads;
  throw fields.error(
    `is missing or does not say how many attention heads share a width of ${hidden}; add num_heads, as in { "num_heads": 3 }`,
  );
}

/** The sizes that only the weights pretrained by weak supervision ("SWAG") have: bicubic, nothing cropped. */
const swagEdges = [384, 512, 518];

/** As torchvision's weights ask for it: `ImageClassification` for that crop_size. */
function preprocess(_: JsonFields, image: Size): NativePreprocess {
  const swag = image.height === image.width && swagEdges.includes(image.height);
  const edge = swag ? image.height : Math.floor(Math.min(image.height, image.width) / 0.875);
  return {
    resize: resizes.shortestEdge,
    resizeHeight: edge,
    resizeWidth: edge,
    filter: swag ? filters.bicubic : filters.bilinear,
    cropHeight: image.height,
    cropWidth: image.width,
    cropRounding: cropRoundings.halfEven,
    resizeRounding: resizeRoundings.bytes,
    padding: [0, 0, 0],
    rescaleFactor: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  };
}

export const torchvision: Family = {
  title: 'torchvision',
  modelType: 'torchvision',
  spellings: [{ prefix: '', rows, ignored: [] }],
  saysSizes: true,
  network,
  preprocess,
};
