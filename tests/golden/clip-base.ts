/** An image encoder of CLIP ViT-B/32's size, made of integers; `clip_base.py` makes the same, number for number. */
import { noise } from './noise.js';

const hidden = 768;
const layers = 12;
const patch = 32;
const joint = 512;
const seed = 5000;
/** How many values weights have. */
const levels = 1024;

export const clipBaseConfig = {
  model_type: 'clip_vision_model',
  architectures: ['CLIPVisionModelWithProjection'],
  hidden_size: hidden,
  num_hidden_layers: layers,
  num_attention_heads: 12,
  intermediate_size: 4 * hidden,
  image_size: 224,
  patch_size: patch,
  hidden_act: 'quick_gelu',
  projection_dim: joint,
};

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function shapes(): Record<string, number[]> {
  const all: Record<string, number[]> = {};
  const both = (name: string, ...shape: number[]) => {
    all[`${name}.weight`] = shape;
    all[`${name}.bias`] = [shape[0]];
  };
  all['vision_model.embeddings.class_embedding'] = [hidden];
  all['vision_model.embeddings.patch_embedding.weight'] = [hidden, 3, patch, patch];
  all['vision_model.embeddings.position_embedding.weight'] = [(224 / patch) ** 2 + 1, hidden];
  both('vision_model.pre_layrnorm', hidden);
  for (let layer = 0; layer < layers; layer++) {
    const block = `vision_model.encoder.layers.${layer}.`;
    for (const norm of ['layer_norm1', 'layer_norm2']) both(block + norm, hidden);
    for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
      both(`${block}self_attn.${part}`, hidden, hidden);
    both(`${block}mlp.fc1`, 4 * hidden, hidden);
    both(`${block}mlp.fc2`, hidden, 4 * hidden);
  }
  both('vision_model.post_layernorm', hidden);
  all['visual_projection.weight'] = [joint, hidden];
  return all;
}

/** The distance between neighboring values; see `clip_base.py`. */
function stepOf(name: string, shape: readonly number[]): number {
  if (shape.length === 1 || name.includes('position')) return 2 ** -10;
  const gain = /[qk]_proj/.test(name) ? 2 : 1;
  return 2 ** Math.round(Math.log2(gain / Math.sqrt(product(shape.slice(1))) / (levels / Math.sqrt(12))));
}

/** The bits of a number that is exact in half precision, and neither infinite nor smaller than 2^-14 but for zero. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = (Math.abs(value) / 2 ** exponent - 1) * 1024;
  if (exponent < -14 || !Number.isInteger(fraction))
    throw new Error(`${value} is not exact in half precision.`);
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
}

/** A safetensors file of 176 MB. */
export function clipBaseWeights(): Uint8Array<ArrayBuffer> {
  // By code points, as Python sorts.
  const tensors = Object.entries(shapes()).sort(([a], [b]) => (a < b ? -1 : 1));
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, shape] of tensors) {
    const begin = end;
    end += 2 * product(shape);
    header[name] = { dtype: 'F16', shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header).padEnd(1 << 15));
  const file = new Uint8Array(8 + json.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  let at = 8 + json.length;
  for (const [index, [name, shape]] of tensors.entries()) {
    const mean = /norm.*weight$/.test(name) ? 1 : 0;
    const step = stepOf(name, shape);
    const bits = Uint16Array.from({ length: levels }, (_, level) =>
      halfBits((level - levels / 2) * step + mean),
    );
    const values = new Uint16Array(file.buffer, at, product(shape));
    const stream = noise(seed + index, values.length);
    for (let i = 0; i < values.length; i++) values[i] = bits[stream[i] >>> 22];
    at += values.byteLength;
  }
  return file;
}
