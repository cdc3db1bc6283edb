// A checkpoint that no class of Python's takes as it is (Google's arrays, CLIP's image encoder) written as timm's
// VisionTransformer, which the engine's slots are named after.
import type { NameMap } from '../checkpoint/families/names.js';
import { partsOf, type Placement } from '../checkpoint/families/placement.js';
import type { JsonObject } from '../checkpoint/files/json.js';
import type { StoredTensor } from '../checkpoint/tensors.js';
import { activations, poolings, type NativeConfig } from '../engine/bindings.js';
import type { Axis } from '../engine/engine.js';
import { VitError } from '../errors.js';
import { toFloats } from '../checkpoint/formats/floats.js';

/**
 * Whether a checkpoint has to be written so: its arrays are in another order, or its tower is of no class of its own.
 */
export function isForeign(config: JsonObject, { slots }: NameMap): boolean {
  const isTower = /^clip(_vision_model)?$/.test(String(config['model_type']));
  return isTower || [...slots.values()].some(({ axes }) => axes !== undefined);
}

/** A slot's numbers, in the order of its axes. */
export interface SlotValues {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** A tensor's bytes → the slots that they fill. */
export function slotsOf(
  tensor: StoredTensor,
  placement: Placement,
  bytes: Uint8Array<ArrayBuffer>,
): [string, SlotValues][] {
  let from = 0;
  return partsOf(tensor, placement).map(({ slot, dtype, shape, bytes: length, order }) => {
    const stored = toFloats(dtype, bytes.subarray(from, from + length));
    from += length;
    return [slot, { shape, data: order ? inOrder(stored, order) : stored }];
  });
}

/** The numbers where the strides of their axes put them. */
function inOrder(stored: Float32Array, order: readonly Axis[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(stored.length);
  let from = 0;
  const walk = (axis: number, to: number) => {
    if (axis === order.length) out[to] = stored[from++];
    else for (let i = 0; i < order[axis].size; i++) walk(axis + 1, to + i * order[axis].stride);
  };
  walk(0, 0);
  return out;
}

/** A head on the projected embedding, as one on what is projected: [classes × (hidden + 1)]. */
export function throughProjection(weights: Float64Array, { data, shape }: SlotValues): Float64Array {
  const [width, hidden] = shape;
  const classes = weights.length / (width + 1);
  const through = new Float64Array(classes * (hidden + 1));
  for (let k = 0; k < classes; k++) {
    const row = through.subarray(k * (hidden + 1), (k + 1) * (hidden + 1));
    for (let o = 0; o < width; o++) {
      const weight = weights[k * (width + 1) + o];
      for (let i = 0; i < hidden; i++) row[i] += weight * data[o * hidden + i];
    }
    row[hidden] = weights[k * (width + 1) + width];
  }
  return through;
}

/**
 * timm's tensors: as the slots, but queries, keys and values are one, and tokens and positions those of one picture.
 */
export function timmTensors(slots: ReadonlyMap<string, SlotValues>): [string, SlotValues][] {
  const tensors: [string, SlotValues][] = [];
  for (const [slot, { shape, data }] of slots) {
    const [, block, part] = /^(blocks\.\d+\.attn)\.q\.(.*)$/.exec(slot) ?? [];
    if (block) {
      const all = ['q', 'k', 'v'].map((name) => slots.get(`${block}.${name}.${part}`) ?? { shape, data });
      const joined = new Float32Array(3 * data.length);
      all.forEach((one, i) => joined.set(one.data, i * data.length));
      tensors.push([`${block}.qkv.${part}`, { shape: [3 * shape[0], ...shape.slice(1)], data: joined }]);
    } else if (!/\.attn\.[kv]\./.test(slot)) {
      const whole = /^(cls_token|pos_embed)$/.test(slot);
      const rows = data.length / (shape.at(-1) ?? 1);
      tensors.push([slot, { shape: whole ? [1, rows, shape.at(-1) ?? 1] : shape, data }]);
    }
  }
  return tensors;
}

/** By the engine's number. */
const actLayers = {
  [activations.gelu]: 'gelu',
  [activations.geluTanh]: 'gelu_tanh',
  [activations.quickGelu]: 'quick_gelu',
  [activations.relu]: 'relu',
  [activations.silu]: 'silu',
};

/** config.json of such a model. `preprocessor` is preprocessor_config.json. */
export function timmConfigOf(
  network: NativeConfig,
  preprocessor: JsonObject,
  labels: readonly string[],
): JsonObject {
  const { imageHeight, imageWidth, patchHeight, patchWidth, hidden } = network;
  const { classToken, pooling } = network;
  if (pooling !== poolings.classToken && pooling !== poolings.meanPatches) throw unlikeTimm();
  const count = labels.length;
  return {
    // Of its architectures those that differ in what tensors do not show: the norms' epsilon, and a norm before blocks.
    architecture: network.preNorm ? 'vit_base_patch16_clip_224' : 'vit_base_patch16_224',
    num_classes: count,
    num_features: hidden,
    global_pool: pooling === poolings.classToken ? 'token' : 'avg',
    label_names: labels,
    model_args: {
      img_size: [imageHeight, imageWidth],
      patch_size: patchHeight === patchWidth ? patchHeight : [patchHeight, patchWidth],
      embed_dim: hidden,
      depth: network.layers,
      num_heads: network.heads,
      mlp_ratio: network.mlpHidden / hidden,
      act_layer: actLayers[network.activation],
      num_classes: count,
      global_pool: pooling === poolings.classToken ? 'token' : 'avg',
      ...(!classToken && { class_token: false, fc_norm: false }),
      ...(classToken && network.positionedPrefix === 0 && { no_embed_class: true }),
      ...(!network.finalNorm && { final_norm: false, fc_norm: false }),
    },
    pretrained_cfg: {
      input_size: [3, imageHeight, imageWidth],
      fixed_input_size: true,
      ...preprocessingOf(preprocessor),
      num_classes: count,
      first_conv: 'patch_embed.proj',
      classifier: 'head',
    },
  };
}

/** What transformers' image processors say, in timm's words. */
function preprocessingOf({
  do_center_crop: crops,
  resample,
  image_mean: mean,
  image_std: std,
}: JsonObject): JsonObject {
  return {
    interpolation: resample === 3 ? 'bicubic' : 'bilinear',
    crop_pct: 1,
    crop_mode: crops === true ? 'center' : 'squash',
    mean,
    std,
  };
}

function unlikeTimm(): VitError {
  return new VitError(
    'unsupported-model',
    'A model that pools its tokens like this one cannot be exported; save the classifier with toJSON() instead.',
  );
}

/** ViTImageProcessor's own, of models that come without any. */
export function usualPreprocessor({ imageHeight: height, imageWidth: width }: NativeConfig): JsonObject {
  return {
    image_processor_type: 'ViTImageProcessor',
    do_resize: true,
    size: { height, width },
    resample: 2,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  };
}
