// Changes that know what a model is: most of what comes out is still a model in form, and wrong in one or two places.
import type { Tensor } from '../web/tiny-checkpoint.js';
import type { Json, JsonObject, Parts } from './models.js';
import type { Random } from './random.js';

const numbers = [
  0,
  -1,
  1,
  2,
  3,
  4,
  7,
  8,
  16,
  224,
  1000,
  1001,
  65_536,
  65_537,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 + 8,
];
const fractions = [0.5, -0.5, 1e-45, 1e-12, 1e-300, 1e300, 1e308, 0.1, 255, 1 / 255];
const words = [
  '',
  'gelu',
  'silu',
  'relu',
  'vit',
  'deit',
  'dinov2',
  'clip',
  'siglip',
  'swin',
  'avg',
  'token',
  'map',
];
const odd = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\u0000',
  '\ud800',
  '💥',
  'x'.repeat(3000),
  '../',
];

/** Fields that something reads, to be put where they are not. */
const fields = [
  ...[
    'model_type',
    'architectures',
    'hidden_size',
    'num_hidden_layers',
    'num_attention_heads',
    'intermediate_size',
  ],
  ...['hidden_act', 'layer_norm_eps', 'image_size', 'patch_size', 'num_channels', 'qkv_bias', 'problem_type'],
  ...[
    'id2label',
    'label2id',
    'num_labels',
    'use_swiglu_ffn',
    'mlp_ratio',
    'num_register_tokens',
    'vision_config',
  ],
  ...[
    'architecture',
    'num_classes',
    'global_pool',
    'model_args',
    'pretrained_cfg',
    'label_names',
    'label_descriptions',
  ],
  ...[
    'input_size',
    'interpolation',
    'crop_pct',
    'crop_mode',
    'mean',
    'std',
    'num_heads',
    'img_size',
    'embed_dim',
  ],
  ...['norm_layer', 'act_layer', 'apply_layernorm', 'layerscale_value', 'num_labels', '__proto__'],
];
const preprocessorFields = [
  ...[
    'size',
    'crop_size',
    'do_resize',
    'do_center_crop',
    'do_rescale',
    'do_normalize',
    'rescale_factor',
    'resample',
  ],
  ...['image_mean', 'image_std', 'image_processor_type', 'feature_extractor_type'],
];

function anyValue(random: Random, depth = 0): Json {
  switch (random.below(depth > 2 ? 6 : 9)) {
    case 0:
      return random.pick([null, true, false]);
    case 1:
    case 2:
      return random.pick(numbers);
    case 3:
      return random.pick(fractions);
    case 4:
      return random.pick(words);
    case 5:
      return random.pick(odd);
    case 6:
      return Array.from({ length: random.below(5) }, () => anyValue(random, depth + 1));
    case 7:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, (_, i) => [
          random.oneIn(2) ? String(i) : random.pick(fields),
          anyValue(random, depth + 1),
        ]),
      );
    default: {
      let nested: Json = 0;
      for (let i = random.below(200); i > 0; i--) nested = [nested];
      return nested;
    }
  }
}

/** A value like the one there is. */
function near(value: Json | undefined, random: Random): Json {
  if (random.oneIn(3)) return anyValue(random);
  if (typeof value === 'number')
    return random.pick([value + 1, value - 1, value * 2, value / 2, -value, String(value)]);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string')
    return random.pick([value.toUpperCase(), `${value}x`, value.slice(1), [value]]);
  if (Array.isArray(value))
    return random.pick<Json>([value.slice(1), [...value, ...value], [...value].reverse(), {}]);
  return anyValue(random);
}

/** Changes one member, inside or out; `names` are for those that are added. */
export function changeObject(object: JsonObject, names: readonly string[], random: Random): void {
  const own = Object.keys(object);
  const name = own.length > 0 && !random.oneIn(3) ? random.pick(own) : random.pick(names);
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  const inside = insideOf(value, random);
  if (inside && !random.oneIn(4)) return changeObject(inside, names, random);
  if (random.oneIn(4)) delete object[name];
  else Object.defineProperty(object, name, { value: near(value, random), ...plain });
}

/** The object that a value is, or one of those that it lists. */
function insideOf(value: Json | undefined, random: Random): JsonObject | undefined {
  const one = Array.isArray(value) && value.length > 0 ? random.pick(value) : value;
  return typeof one === 'object' && one !== null && !Array.isArray(one) ? one : undefined;
}

const plain = { enumerable: true, configurable: true, writable: true };

const dtypes = ['F32', 'F16', 'BF16', 'F64', 'I8', 'U8', 'I32', 'I64', 'BOOL', 'F8_E4M3', 'X', ''];
const values = [NaN, Infinity, -Infinity, 3e38, -3e38, 1e-45, 0, 1, 1e19];

function changeTensor(tensors: Tensor[], at: number, random: Random): void {
  const tensor = { ...tensors[at] };
  tensors[at] = tensor;
  switch (random.below(10)) {
    case 0:
      tensor.name = random.pick([
        `module.${tensor.name}`,
        tensor.name.replace(/\d+/, '99'),
        random.pick(odd),
      ]);
      break;
    case 1:
      tensor.name = random.pick(tensors).name;
      break;
    case 2:
      tensors.splice(at, 1);
      break;
    case 3:
      tensors.push({ ...tensor, name: tensor.name.replace(/\d+/, (number) => String(Number(number) + 1)) });
      break;
    case 4:
      tensor.shape = [...tensor.shape].reverse();
      break;
    case 5:
      tensor.shape = random.pick([
        [],
        [0],
        [...tensor.shape, 1],
        [1, ...tensor.shape],
        [tensor.data.length / 4],
      ]);
      break;
    case 6: {
      // Another size, with as many bytes as that takes.
      tensor.shape = tensor.shape.map((size) =>
        random.oneIn(2) ? random.pick([0, 1, 2, 3, size + 1, 2 * size]) : size,
      );
      const count = tensor.shape.reduce((a, b) => a * b, 1);
      if (count < 20_000)
        tensor.data = new Uint8Array(4 * count).map((_, i) => tensor.data[i % tensor.data.length] ?? 0);
      break;
    }
    case 7:
      tensor.dtype = random.pick(dtypes);
      break;
    case 8: {
      const floats = new Float32Array(tensor.data.slice(0, tensor.data.length & ~3).buffer);
      if (random.oneIn(2)) floats.fill(random.pick(values));
      else if (floats.length > 0) floats[random.below(floats.length)] = random.pick(values);
      tensor.data = new Uint8Array(floats.buffer);
      break;
    }
    default:
      tensors.sort(() => random.below(3) - 1);
  }
}

const tokenizerFields = [
  ...[
    'type',
    'normalizer',
    'normalizers',
    'pre_tokenizer',
    'pretokenizers',
    'post_processor',
    'model',
    'vocab',
  ],
  ...[
    'merges',
    'added_tokens',
    'unk_token',
    'unk_id',
    'pattern',
    'Regex',
    'String',
    'content',
    'behavior',
    'invert',
  ],
  ...[
    'special',
    'id',
    'byte_fallback',
    'end_of_word_suffix',
    'pad_token',
    'add_prefix_space',
    'use_regex',
    'cls',
    'sep',
  ],
];

/** Changes the tokenizer of every other model. */
function changeWords({ tokenizer, config }: NonNullable<Parts['words']>, random: Random): void {
  if (random.oneIn(2)) return;
  for (let left = random.below(4); left > 0; left--) changeObject(tokenizer, tokenizerFields, random);
  if (random.oneIn(3)) changeObject(config, tokenizerFields, random);
}

/** Takes the JSON of another model for its own, or has none. */
function exchange(model: Parts, other: Parts, random: Random): void {
  switch (random.below(4)) {
    case 0:
      model.config = structuredClone(other.config);
      break;
    case 1:
      model.preprocessor = structuredClone(other.preprocessor);
      break;
    case 2:
      model.config = undefined;
  }
}

/** A model with up to four changes; `others` is where halves of other models come from. */
export function mutated(model: Parts, others: readonly Parts[], random: Random): Parts {
  const { config, preprocessor, tensors } = model;
  const changed: Parts = {
    config: config && structuredClone(config),
    preprocessor: preprocessor && structuredClone(preprocessor),
    tensors: [...tensors],
    ...(model.words && { words: structuredClone(model.words) }),
  };
  if (changed.words) changeWords(changed.words, random);
  for (let left = random.below(5); left > 0; left--) {
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        changeObject((changed.config ??= {}), fields, random);
        break;
      case 4:
      case 5:
        changeObject((changed.preprocessor ??= {}), preprocessorFields, random);
        break;
      case 6:
        exchange(changed, random.pick(others), random);
        break;
      case 7:
        changed.tensors.push(random.pick(random.pick(others).tensors));
        break;
      default:
        if (changed.tensors.length > 0)
          changeTensor(changed.tensors, random.below(changed.tensors.length), random);
    }
  }
  return changed;
}
