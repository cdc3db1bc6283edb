// What is raced: the models and the participants, as data.

/**
 * The models: plain ViTs whose MLP is four times as wide as a token. `checkpoint` is the folder of real weights, used
 * when it lies in $VIT_SHARED/models (or ../shared/models); weights are seeded otherwise. 518 pixels are DINOv2's size.
 */
export const models = {
  tiny: {
    hidden: 192,
    layers: 12,
    heads: 3,
    image: 224,
    patch: 16,
    classes: 1000,
    checkpoint: 'deit-tiny-patch16-224',
  },
  small: { hidden: 384, layers: 12, heads: 6, image: 224, patch: 16, classes: 1000 },
  base: { hidden: 768, layers: 12, heads: 12, image: 224, patch: 16, classes: 1000 },
  'tiny-384': { hidden: 192, layers: 12, heads: 3, image: 384, patch: 16, classes: 1000 },
  'tiny-518': { hidden: 192, layers: 12, heads: 3, image: 518, patch: 14, classes: 1000 },
};

/** Multiply-adds of one picture, all tokens through all blocks. */
export function multiplyAdds({ hidden, layers, image, patch, classes }) {
  const patches = (image / patch) ** 2;
  const tokens = patches + 1;
  const block = tokens * 12 * hidden ** 2 + 2 * tokens ** 2 * hidden;
  return patches * 3 * patch ** 2 * hidden + layers * block + hidden * classes;
}

/** The races: participants of one class run against each other. */
export const classes = [
  { dtype: 'fp32', threads: 1 },
  { dtype: 'int8', threads: 1 },
  { dtype: 'fp32', threads: 2 },
  { dtype: 'int8', threads: 2 },
];

const everyClass = (row) => classes.map((which) => ({ ...row, ...which }));

/** LiteRT's build without relaxed SIMD. */
const compat = 'litert_wasm_compat_internal';

/**
 * Who races. `engine` is a file of page/engines/, `format` what it reads; the others' outputs are compared
 * with those of the first.
 */
export const participants = [
  ...everyClass({ name: 'vit-wasm relaxed', engine: 'vit-wasm', format: 'checkpoint', variant: 'relaxed' }),
  ...everyClass({ name: 'vit-wasm simd', engine: 'vit-wasm', format: 'checkpoint', variant: 'simd' }),
  ...everyClass({ name: 'onnxruntime-web', engine: 'onnxruntime', format: 'onnx' }),
  ...everyClass({ name: 'LiteRT.js', engine: 'litert', format: 'tflite' }),
  { name: 'LiteRT.js compat', engine: 'litert', format: 'tflite', build: compat, dtype: 'fp32', threads: 1 },
  { name: 'LiteRT.js compat', engine: 'litert', format: 'tflite', build: compat, dtype: 'int8', threads: 1 },
  ...everyClass({ name: 'transformers.js', engine: 'transformers', format: 'transformers' }),
  { name: 'tfjs-wasm', engine: 'tfjs', format: 'checkpoint', dtype: 'fp32', threads: 1 },
  { name: 'tfjs-wasm', engine: 'tfjs', format: 'checkpoint', dtype: 'fp32', threads: 2 },
];

/**
 * Who starts cold, each as it is by default: ours in its worker and with the variant it chooses. By default it also keeps
 * what it downloads, as transformers.js does and the others do not, so it starts once without that.
 */
export const coldStarts = [
  coldStart('vit-wasm', { name: 'vit-wasm', variant: undefined, worker: true }),
  coldStart('vit-wasm', { name: 'vit-wasm, no cache', variant: undefined, worker: true, cache: false }),
  ...['onnxruntime', 'litert', 'transformers', 'tfjs'].map((engine) => coldStart(engine)),
];

function coldStart(family, changes) {
  return { ...participants.find(({ engine, threads }) => engine === family && threads === 1), ...changes };
}

/** The outputs of 32-bit participants have to agree this well before a clock is started. */
export const fp32Tolerance = 1e-3;
