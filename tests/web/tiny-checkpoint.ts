// A whole ViT checkpoint of a few kilobytes, made to be damaged: 8×8 pictures, patches of 4, width 8, two blocks of two
// heads, three classes.

export interface Tensor {
  name: string;
  shape: number[];
  dtype: string;
  data: Uint8Array;
}

export const tinyConfig = {
  model_type: 'vit',
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  hidden_act: 'gelu',
  layer_norm_eps: 1e-12,
  image_size: 8,
  patch_size: 4,
  num_channels: 3,
  qkv_bias: true,
  id2label: { 0: 'apple', 1: 'pear', 2: 'plum' },
};

const block = {
  'layernorm_before.weight': [8],
  'layernorm_before.bias': [8],
  'attention.attention.query.weight': [8, 8],
  'attention.attention.query.bias': [8],
  'attention.attention.key.weight': [8, 8],
  'attention.attention.key.bias': [8],
  'attention.attention.value.weight': [8, 8],
  'attention.attention.value.bias': [8],
  'attention.output.dense.weight': [8, 8],
  'attention.output.dense.bias': [8],
  'layernorm_after.weight': [8],
  'layernorm_after.bias': [8],
  'intermediate.dense.weight': [16, 8],
  'intermediate.dense.bias': [16],
  'output.dense.weight': [8, 16],
  'output.dense.bias': [8],
};

const shapes: Record<string, number[]> = {
  'vit.embeddings.cls_token': [1, 1, 8],
  'vit.embeddings.position_embeddings': [1, 5, 8],
  'vit.embeddings.patch_embeddings.projection.weight': [8, 3, 4, 4],
  'vit.embeddings.patch_embeddings.projection.bias': [8],
  ...prefixed('vit.encoder.layer.0.'),
  ...prefixed('vit.encoder.layer.1.'),
  'vit.layernorm.weight': [8],
  'vit.layernorm.bias': [8],
  'classifier.weight': [3, 8],
  'classifier.bias': [3],
};

function prefixed(prefix: string): Record<string, number[]> {
  return Object.fromEntries(Object.entries(block).map(([name, shape]) => [prefix + name, shape]));
}

/** A tensor of numbers that are all different, so that a misplaced one shows. */
export function makeTensor(name: string, shape: number[], seed = 0): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: count }, (_, i) => 0.3 * Math.sin(1.7 * i + 0.9 * seed + 0.1));
  return { name, shape, dtype: 'F32', data: new Uint8Array(values.buffer) };
}

export function tinyTensors(): Tensor[] {
  return Object.entries(shapes).map(([name, shape], index) => makeTensor(name, shape, index));
}

/** A safetensors file: `header` is put behind its length as it is, `data` behind that. */
export function frame(header: string | Uint8Array, data: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + bytes.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
  file.set(bytes, 8);
  file.set(data, 8 + bytes.length);
  return file;
}

export function safetensors(tensors: readonly Tensor[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const { name, dtype, shape, data } of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.length] };
    end += data.length;
  }
  const data = new Uint8Array(end);
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  return frame(JSON.stringify(header), data);
}

/** A picture of 20 × 12 pixels. */
export const picture = {
  data: Uint8Array.from({ length: 20 * 12 * 4 }, (_, i) => (i * 31 + (i >> 5) * 17) % 256),
  width: 20,
  height: 12,
};

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    (value) => {
      throw new Error(`This should have been rejected, but gave ${JSON.stringify(value)}.`);
    },
    (error: unknown) => error,
  );
}
