// Whole files of safetensors whose tensors are not the model's.
import { frame, makeTensor, safetensors, tinyTensors, type Tensor } from '../../web/tiny-checkpoint.js';
import { config, weightsOf, type Malformed, type Row } from './row.js';

const query = 'vit.encoder.layer.1.attention.attention.query.weight';

function changed(change: (tensors: Tensor[]) => Tensor[]): () => Uint8Array {
  return () => safetensors(change(tinyTensors()));
}

function with1(name: string, change: (tensor: Tensor) => Partial<Tensor>): () => Uint8Array {
  return changed((tensors) =>
    tensors.map((tensor) => (tensor.name === name ? { ...tensor, ...change(tensor) } : tensor)),
  );
}

/** The last value of the queries' weights is `value`. */
function spoiled(dtype: string, value: number, bytes: 2 | 4 | 8): () => Uint8Array {
  return with1(query, () => {
    const data = new Uint8Array(64 * bytes);
    const view = new DataView(data.buffer, data.length - bytes);
    if (bytes === 2) view.setUint16(0, value, true);
    else if (bytes === 4) view.setFloat32(0, value, true);
    else view.setFloat64(0, value, true);
    return { dtype, data };
  });
}

/** Whole files whose tensors are not this model's. */
const tensors: readonly Row[] = [
  ['a tensor missing', 'tensors', '"vit.embeddings.cls_token" is missing', changed((all) => all.slice(1))],
  [
    'a tensor too many',
    'tensors',
    '"surplus" is not a tensor of this model',
    changed((all) => [...all, makeTensor('surplus', [1])]),
  ],
  [
    'a tensor of another shape',
    'tensors',
    `"${query}" has shape [64]`,
    with1(query, () => ({ shape: [64] })),
  ],
  ['a tensor of 16 GB', 'too-large', 'at most 4,294,967,296 are allowed', hugeShape],
  [
    'a tensor of numbers that are none',
    'tensors',
    `"${query}" has dtype I32`,
    with1(query, () => ({ dtype: 'I32' })),
  ],
  [
    'a scalar for a matrix',
    'tensors',
    `"${query}" has shape []`,
    with1(query, ({ data }) => ({ shape: [], data: data.slice(0, 4) })),
  ],
  [
    'names of another architecture',
    'unsupported-model',
    'no tensors of a Vision Transformer',
    () => safetensors([makeTensor('features.0.weight', [4])]),
  ],
  [
    'a NaN in F32',
    'tensors',
    `"${query}" has a value that is infinite or not a number`,
    spoiled('F32', NaN, 4),
  ],
  ['an infinity in F32', 'tensors', `"${query}" has a value that is infinite`, spoiled('F32', -Infinity, 4)],
  ['a NaN in F16', 'tensors', `"${query}" has a value that is infinite`, spoiled('F16', 0x7e00, 2)],
  ['an infinity in BF16', 'tensors', `"${query}" has a value that is infinite`, spoiled('BF16', 0x7f80, 2)],
  [
    'an F64 that F32 cannot hold',
    'tensors',
    `"${query}" has a value that is infinite`,
    spoiled('F64', 1e300, 8),
  ],
];

/** The class token declares 2^32 + 8 values, of which 32 bits would keep the 8 that are right. */
function hugeShape(): Uint8Array {
  const size = 2 ** 32 + 8;
  const header: Record<string, unknown> = {
    'vit.embeddings.cls_token': { dtype: 'F32', shape: [1, 1, size], data_offsets: [0, 4 * size] },
  };
  let at = 4 * size;
  for (const { name, dtype, shape, data } of tinyTensors().slice(1)) {
    header[name] = { dtype, shape, data_offsets: [at, at + data.length] };
    at += data.length;
  }
  return frame(JSON.stringify(header));
}

export const malformedTensors: readonly Malformed[] = weightsOf('weights with', tensors, {
  'config.json': config,
});
