// CLIP and SigLIP under the names of open_clip, whose towers for pictures are its own or timm's. Their configuration
// comes in the words of transformers' (web/runtime/open-clip.ts).
import { poolings, type NativeConfig } from '../../engine/bindings.js';
import { timmPreprocess } from '../config/pretrained-cfg.js';
import { isJsonObject, type JsonFields, type JsonObject } from '../files/json.js';
import { clip } from './clip.js';
import { clipText, siglipText } from './clip-text.js';
import type { Family, NameRow, TensorsBySlot, TextTower } from './family.js';
import { kindOf } from './timm-architectures.js';
import { perception } from './timm-rare.js';
import { allTimmRows, timm } from './timm.js';

/** A projection [inputs, outputs]; its slot is [outputs, inputs]. */
const transposed = [[1], [0]];

/** The encoder's tensors, named alike in both towers. */
function encoderRows(tower: string): NameRow[] {
  const block = `${tower}transformer.resblocks.{i}`;
  const heads = ['q', 'k', 'v'].map((name) => `blocks.{i}.attn.${name}.*`);
  return [
    { file: `${block}.ln_1.*`, slot: 'blocks.{i}.norm1.*' },
    { file: `${block}.attn.in_proj_*`, slot: heads },
    { file: `${block}.attn.out_proj.*`, slot: 'blocks.{i}.attn.proj.*' },
    { file: `${block}.ln_2.*`, slot: 'blocks.{i}.norm2.*' },
    { file: `${block}.mlp.c_fc.*`, slot: 'blocks.{i}.mlp.fc1.*' },
    { file: `${block}.mlp.c_proj.*`, slot: 'blocks.{i}.mlp.fc2.*' },
  ];
}

const ownRows: readonly NameRow[] = [
  { file: 'visual.class_embedding', slot: 'cls_token' },
  { file: 'visual.positional_embedding', slot: 'pos_embed' },
  { file: 'visual.conv1.*', slot: 'patch_embed.proj.*' },
  { file: 'visual.ln_pre.*', slot: 'norm_pre.*' },
  ...encoderRows('visual.'),
  { file: 'visual.ln_post.*', slot: 'norm.*' },
  { file: 'visual.proj', slot: 'joint_proj.weight', axes: transposed },
];

/** timm's, whose classifier, if there is one, projects. */
const trunkRows: readonly NameRow[] = [
  { file: 'visual.trunk.head.*', slot: 'joint_proj.*' },
  { file: 'visual.head.proj.*', slot: 'joint_proj.*' },
  ...allTimmRows.map((row) => ({ ...row, file: `visual.trunk.${row.file}` })),
];

const ofTexts = /^(?!visual\.)/;

/** The same tower under open_clip's names; classes that are CLIP's subclasses put `text.` before them. */
function named(tower: TextTower): TextTower {
  const rows: readonly NameRow[] = [
    { file: 'positional_embedding', slot: 'pos_embed' },
    ...encoderRows(''),
    { file: 'ln_final.*', slot: 'norm.*' },
    { file: 'text_projection', slot: 'joint_proj.weight', axes: transposed },
    { file: 'text_projection.*', slot: 'joint_proj.*' },
  ];
  const ignored = [/^(visual\.|logit_|attn_mask$|token_embedding)/];
  return {
    ...tower,
    family: { ...tower.family, modelType, spellings: [{ prefix: 'text.', rows, ignored }] },
    table: /^(text\.)?token_embedding\.weight$/,
  };
}

const modelType = 'open_clip';

function network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const vision = fields.object('vision_config');
  if (!vision) throw fields.error('has no vision_config');
  const isOwn = vision.get('architecture') === undefined;
  const base = isOwn ? clip.network(fields, tensors) : trunkOf(vision, tensors);
  return {
    ...base,
    classes: 0,
    // Without a projection in the file, there should be one.
    jointWidth:
      tensors.get('joint_proj.weight')?.shape[0] ??
      (base.pooling === poolings.attention ? 0 : (fields.count('projection_dim') ?? 512)),
    jointBias: tensors.has('joint_proj.bias'),
  };
}

function trunkOf(vision: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const isPerception = kindOf(vision.text('architecture') ?? '') === 'perception';
  return isPerception ? perception(vision, tensors) : timm.network(vision, tensors);
}

export const openClip: Family = {
  title: 'open_clip',
  modelType,
  claims: (config) => config['model_type'] === modelType && !isSiglip(config),
  check: (fields) => {
    const vision = fields.object('vision_config');
    const architecture = vision?.text('architecture');
    if (!vision || architecture === undefined) return;
    timm.check?.(vision);
    if ([undefined, 'perception'].includes(kindOf(architecture))) return;
    throw vision.refusal(
      `is of the architecture "${architecture}", which vit-wasm reads from timm's own files alone`,
    );
  },
  spellings: [ownRows, trunkRows].map((rows) => ({ prefix: '', rows, ignored: [ofTexts] })),
  network,
  ignoresPreprocessor: true,
  preprocess: (fields, image) => timmPreprocess(fields.object('pretrained_cfg') ?? fields, image),
  texts: true,
};

export const openClipText = named(clipText);

export const openClipSiglip: Family = {
  ...openClip,
  claims: (config) => config['model_type'] === modelType && isSiglip(config),
  texts: true,
};

export const openClipSiglipText = named(siglipText);

function isSiglip(config: JsonObject): boolean {
  const text = config['text_config'];
  return isJsonObject(text) && text['model_type'] === 'siglip_text_model';
}
