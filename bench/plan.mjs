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

/** The races: participants of one class run against each other. */
export const classes = [
  { dtype: 'fp32', threads: 1 },
  { dtype: 'int8', threads: 1 },
  { dtype: 'fp32', threads: 2 },
  { dtype: 'int8', threads: 2 },
];

/**
 * Who races. `engine` is a file of page/engines/, `format` what it reads; the others' outputs are compared
 * with those of the first.
 */
export const participants = [
  {
    name: 'vit-wasm relaxed',
    engine: 'vit-wasm',
    dtype: 'fp32',
    threads: 1,
    format: 'folder',
    variant: 'relaxed',
  },
  { name: 'vit-wasm simd', engine: 'vit-wasm', dtype: 'fp32', threads: 1, format: 'folder', variant: 'simd' },
  { name: 'onnxruntime-web', engine: 'onnxruntime', dtype: 'fp32', threads: 1, format: 'onnx' },
  { name: 'onnxruntime-web', engine: 'onnxruntime', dtype: 'int8', threads: 1, format: 'onnx' },
  { name: 'onnxruntime-web', engine: 'onnxruntime', dtype: 'fp32', threads: 2, format: 'onnx' },
  { name: 'onnxruntime-web', engine: 'onnxruntime', dtype: 'int8', threads: 2, format: 'onnx' },
];

/** The outputs of 32-bit participants have to agree this well before a clock is started. */
export const fp32Tolerance = 1e-3;
