// A folder as open_clip saves it → files as ours are read: its configuration in transformers' words, and what is not
// read refused.
import { CachedFiles } from '../cache/cache.js';
import type { FileStore } from '../cache/file-store.js';
import { folderOf } from '../checkpoint/files/folder.js';
import { JsonFields, parseJson } from '../checkpoint/files/json.js';
import { configName, isOpenClip, locationOf, type ModelFiles } from '../checkpoint/files/model-files.js';
import type { OpenFile } from '../checkpoint/files/source.js';

const openClipConfigName = 'open_clip_config.json';
const openClipWeightsName = 'open_clip_model.safetensors';

/** The same files with those of open_clip among them; undefined when the folder has none. */
export async function openClipFiles(
  files: ModelFiles,
  open: OpenFile,
  store: Promise<FileStore> | undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<ModelFiles | undefined> {
  const named = isOpenClip(files) ? files.weights : openClipWeightsName;
  const weights = locationOf(files, named);
  if (!weights) return undefined;
  const own = { ...files, weights: named };
  // The configuration is all that is read here.
  const cached = store && new CachedFiles(open, store, { ...own, weights: openClipConfigName }, false);
  const folder = folderOf(own, { open: cached?.open ?? open, signal });
  const file = await folder.open(openClipConfigName);
  if (!file) return undefined;
  const object = parseJson(await file.read(Infinity), file.name, 'config');
  const config = translated(new JsonFields(object, file.name, 'config'));
  await cached?.keep();
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  const listed = { ...files.listed, [named]: weights, [configName]: { kind: 'bytes', bytes } as const };
  return { ...own, listed, hub: undefined };
}

type Settings = Readonly<Record<string, unknown>>;

/** open_clip's configuration as transformers would write it, with timm's where timm's network is inside. */
function translated(file: JsonFields): Settings {
  const model = required(file, 'model_cfg');
  const vision = required(model, 'vision_cfg');
  const text = required(model, 'text_cfg');
  check(model, 'multimodal_cfg');
  const act = model.flag('quick_gelu') ? 'quick_gelu' : 'gelu';
  const [height, width] = vision.size('image_size') ?? [224, 224];
  return {
    model_type: 'open_clip',
    architectures: ['CLIPModel'],
    projection_dim: model.count('embed_dim') ?? 512,
    vision_config: vision.text('timm_model_name')
      ? trunkOf(vision, [height, width])
      : {
          ...towerOf(vision, 768, headsOf(vision), act),
          image_size: [height, width],
          patch_size: vision.size('patch_size') ?? 16,
        },
    text_config: textOf(text, act),
    pretrained_cfg: preprocessOf(file.object('preprocess_cfg'), [height, width]),
  };
}

function required(fields: JsonFields, name: string): JsonFields {
  const object = fields.object(name);
  if (object) return object;
  throw fields.error(`has no ${name}`);
}

/** Options of open_clip's towers that are not supported. */
const refused: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  multimodal_cfg: () => 'generates captions (CoCa)',
  hf_model_name: (name) => `has a text encoder of another kind (${String(name)})`,
  layers: (layers) => (Array.isArray(layers) ? 'is a convolutional network' : undefined),
  attentional_pool: (pool) => (pool ? 'pools by its own kind of attention (CoCa)' : undefined),
  embed_cls: (has) => (has ? 'adds a class token to texts (CoCa)' : undefined),
  no_ln_pre: (has) => (has ? 'has no norm before its blocks (CLIPA)' : undefined),
  final_ln_after_pool: (has) => (has ? 'has its last norm after pooling' : undefined),
  tokenizer_mode: (mode) => `needs the tokenizer mode "${String(mode)}"`,
  ls_init_value: () => 'has LayerScale',
  timm_proj: (proj) => (proj === 'mlp' ? 'projects images through an MLP' : undefined),
  timm_pool: (pool) => (/_attn$/.test(String(pool)) ? 'pools by its own kind of attention' : undefined),
  proj_type: (type) => (type === 'linear' ? undefined : 'does not project texts linearly'),
  ...Object.fromEntries(
    [
      'block_type',
      'qk_norm',
      'scaled_cosine_attn',
      'scale_heads',
      'scale_attn_inner',
      'scale_attn',
      'scale_fc',
    ].map(
      (name) =>
        [
          name,
          (value: unknown) => (value ? `has its own kind of encoder block (${name})` : undefined),
        ] as const,
    ),
  ),
};

function check(fields: JsonFields, ...names: readonly string[]): void {
  for (const name of names) {
    const value = fields.get(name);
    const what = value === undefined ? undefined : refused[name](value);
    if (what) throw refusal(fields, what);
  }
}

function refusal(fields: JsonFields, what: string): Error {
  return fields.refusal(
    `says that the model ${what}; of open_clip's models, vit-wasm supports CLIP and SigLIP with ViT towers`,
  );
}

/** A tower of open_clip's own. */
function towerOf(fields: JsonFields, usual: number, heads: number, act: string): Settings {
  check(fields, ...Object.keys(refused).filter((name) => name !== 'multimodal_cfg'));
  const hidden = fields.count('width') ?? usual;
  const approximate = fields.object('act_kwargs')?.text('approximate');
  return {
    hidden_size: hidden,
    num_hidden_layers: fields.count('layers') ?? 12,
    num_attention_heads: heads,
    intermediate_size: Math.floor(hidden * (fields.positive('mlp_ratio') ?? 4)),
    hidden_act: approximate === 'tanh' ? 'gelu_pytorch_tanh' : act,
    layer_norm_eps: fields.object('norm_kwargs')?.positive('eps') ?? 1e-5,
  };
}

function headsOf(vision: JsonFields): number {
  if ((vision.text('pool_type') ?? 'tok') !== 'tok') throw refusal(vision, 'averages its patches');
  return Math.max(1, Math.floor((vision.count('width') ?? 768) / (vision.count('head_width') ?? 64)));
}

/** timm's network, as timm's own config.json describes one. */
function trunkOf(vision: JsonFields, [height, width]: readonly [number, number]): Settings {
  check(vision, 'timm_proj', 'timm_pool');
  const pool = vision.text('timm_pool') ?? 'avg';
  return {
    architecture: vision.text('timm_model_name'),
    num_classes: 0,
    // Empty, it is the architecture's own.
    ...(pool && { global_pool: pool }),
    pretrained_cfg: { input_size: [3, height, width] },
  };
}

/** The end of a text is the token with the largest number, as transformers says by the wrong `eos_token_id` 2. */
function textOf(text: JsonFields, act: string): Settings {
  const pool = text.text('pool_type') ?? 'argmax';
  const isCausal = !(text.flag('no_causal_mask') ?? false);
  const isSiglip = pool === 'last' && !isCausal;
  const settings = towerOf(text, 512, text.count('heads') ?? 8, act);
  const isKnown = (pool === 'argmax' && isCausal) || isSiglip;
  if (!isKnown || text.object('tokenizer_kwargs')?.get('strip_sep_token')) {
    throw refusal(text, 'masks or pools texts in an unusual way');
  }
  const usual = text.get('hf_tokenizer_name') === undefined ? 'lower' : 'whitespace';
  return {
    ...settings,
    model_type: isSiglip ? 'siglip_text_model' : 'clip_text_model',
    max_position_embeddings: text.count('context_length') ?? 77,
    ...(!isSiglip && { eos_token_id: 2 }),
    clean: text.object('tokenizer_kwargs')?.text('clean') ?? usual,
  };
}

/** As timm's pretrained_cfg says it: timm crops as open_clip does. */
function preprocessOf(file: JsonFields | undefined, [height, width]: readonly [number, number]): Settings {
  const mode = file?.text('resize_mode') ?? 'shortest';
  if (file && mode === 'longest')
    throw file.refusal('pads pictures (resize_mode "longest"), which vit-wasm does not');
  return {
    input_size: [3, height, width],
    // open_clip ignores `interpolation` unless it squashes or the image is square.
    interpolation:
      (mode === 'squash' || height === width) && file?.text('interpolation') === 'bilinear'
        ? 'bilinear'
        : 'bicubic',
    crop_pct: 1,
    crop_mode: mode === 'squash' ? 'squash' : 'center',
    mean: file?.triple('mean') ?? [0.48145466, 0.4578275, 0.40821073],
    std: file?.triple('std') ?? [0.26862954, 0.26130258, 0.27577711],
  };
}
