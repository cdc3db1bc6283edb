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

/** The CLIPs: OpenAI's ViT-B/32 and TinyCLIP-ViT-8M-16-Text-3M. */
export const clips = {
  'tinyclip-8m': {
    vision: { hidden: 256, layers: 10, heads: 4, patch: 16, image: 224 },
    text: { hidden: 256, layers: 3, heads: 4 },
    joint: 512,
  },
  'clip-b32': {
    vision: { hidden: 768, layers: 12, heads: 12, patch: 32, image: 224 },
    text: { hidden: 512, layers: 12, heads: 8 },
    joint: 512,
  },
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

const ours = { name: 'vit-wasm', variant: undefined, worker: true };

/**
 * Who starts cold, each as it is by default: ours in its worker and with the variant it chooses; int8 from files that are
 * int8 already. By default it also keeps what it downloads, as transformers.js does and the others leave to the browser, so
 * it starts once without that.
 */
export const coldStarts = [
  coldStart('vit-wasm', 'fp32', ours),
  coldStart('vit-wasm', 'fp32', { ...ours, name: 'vit-wasm, no cache', cache: false }),
  ...['onnxruntime', 'litert', 'transformers', 'tfjs'].map((engine) => coldStart(engine, 'fp32')),
  coldStart('vit-wasm', 'int8', { ...ours, format: 'converted' }),
  ...['onnxruntime', 'litert'].map((engine) => coldStart(engine, 'int8')),
];

function coldStart(family, number, changes) {
  const runner = participants.find(({ engine, dtype, threads }) => {
    return engine === family && dtype === number && threads === 1;
  });
  return { ...runner, ...changes };
}

/** The outputs of 32-bit participants have to agree this well before a clock is started. */
export const fp32Tolerance = 1e-3;

/**
 * Networks whose accuracy is set against their time, with their top-1 of ImageNet in per cent: `first` as they became
 * known, trained on ImageNet's 1.3 million pictures, and `best` with the best weights published since for pictures of
 * 224 × 224, each with its source. Convolutional networks run on the `engines` that can, ViTs on this library.
 */
export const architectures = [
  {
    network: 'mobilenet-v2',
    title: 'MobileNetV2',
    first: [71.9, 'torchvision, IMAGENET1K_V1'],
    best: [72.2, 'torchvision, IMAGENET1K_V2'],
  },
  {
    network: 'mobilenet-v3-large',
    title: 'MobileNetV3-Large',
    first: [74.0, 'torchvision, IMAGENET1K_V1'],
    best: [75.3, 'torchvision, IMAGENET1K_V2'],
  },
  {
    network: 'resnet-18',
    title: 'ResNet-18',
    first: [69.8, 'torchvision, IMAGENET1K_V1'],
    best: [71.5, 'Wightman et al. 2021, A1'],
  },
  {
    network: 'resnet-50',
    title: 'ResNet-50',
    first: [76.1, 'torchvision, IMAGENET1K_V1'],
    best: [80.9, 'torchvision, IMAGENET1K_V2'],
  },
  {
    vit: 'tiny',
    title: 'ViT-Tiny',
    first: [72.2, 'Touvron et al. 2021, DeiT'],
    best: [75.5, 'Steiner et al. 2021, ImageNet-21k'],
  },
  {
    vit: 'small',
    title: 'ViT-Small',
    first: [79.9, 'Touvron et al. 2021, DeiT'],
    best: [83.1, 'Touvron et al. 2022, DeiT III, ImageNet-21k'],
  },
  {
    vit: 'base',
    title: 'ViT-Base',
    first: [81.8, 'Touvron et al. 2021, DeiT'],
    best: [85.7, 'Touvron et al. 2022, DeiT III, ImageNet-21k'],
  },
];

/** The engines of convolutional networks. */
export const convnetEngines = ['onnxruntime-web', 'LiteRT.js'];
/** How far their logits may be apart, relative to the greatest. */
export const convnetTolerance = 1e-3;
