// Checkpoints' tensor names → the engine's slots, which have timm's names with q, k and v apart (cpp/weights.h).
// Tables as data: a family or a release that spells names otherwise is another table.
import { VitError } from '../errors.js';

/** `{i}` stands for a block's number, `*` for weight or bias. */
interface NameRow {
  readonly file: string;
  readonly slot: string;
  /** Outside the encoder: not under its prefix. */
  readonly outside?: true;
}

/** How one family of checkpoints names its tensors. */
interface Spelling {
  /** May precede the names of the encoder. */
  readonly prefix: string;
  readonly rows: readonly NameRow[];
  /** What classifying does not need. */
  readonly ignored: readonly RegExp[];
}

const around: readonly NameRow[] = [
  { file: 'embeddings.cls_token', slot: 'cls_token' },
  { file: 'embeddings.position_embeddings', slot: 'pos_embed' },
  { file: 'embeddings.patch_embeddings.projection.*', slot: 'patch_embed.proj.*' },
  { file: 'layernorm.*', slot: 'norm.*' },
  { file: 'classifier.*', slot: 'head.*', outside: true },
];

const ignored = [
  /^pooler\.dense\.(weight|bias)$/, // a ViTModel's own head
  /^embeddings\.mask_token$/, // of masked-image pretraining
];

const transformers4: Spelling = {
  prefix: 'vit.',
  ignored,
  rows: [
    ...around,
    { file: 'encoder.layer.{i}.layernorm_before.*', slot: 'blocks.{i}.norm1.*' },
    { file: 'encoder.layer.{i}.attention.attention.query.*', slot: 'blocks.{i}.attn.q.*' },
    { file: 'encoder.layer.{i}.attention.attention.key.*', slot: 'blocks.{i}.attn.k.*' },
    { file: 'encoder.layer.{i}.attention.attention.value.*', slot: 'blocks.{i}.attn.v.*' },
    { file: 'encoder.layer.{i}.attention.output.dense.*', slot: 'blocks.{i}.attn.proj.*' },
    { file: 'encoder.layer.{i}.layernorm_after.*', slot: 'blocks.{i}.norm2.*' },
    { file: 'encoder.layer.{i}.intermediate.dense.*', slot: 'blocks.{i}.mlp.fc1.*' },
    { file: 'encoder.layer.{i}.output.dense.*', slot: 'blocks.{i}.mlp.fc2.*' },
  ],
};

const transformers5: Spelling = {
  prefix: 'vit.',
  ignored,
  rows: [
    ...around,
    { file: 'layers.{i}.layernorm_before.*', slot: 'blocks.{i}.norm1.*' },
    { file: 'layers.{i}.attention.q_proj.*', slot: 'blocks.{i}.attn.q.*' },
    { file: 'layers.{i}.attention.k_proj.*', slot: 'blocks.{i}.attn.k.*' },
    { file: 'layers.{i}.attention.v_proj.*', slot: 'blocks.{i}.attn.v.*' },
    { file: 'layers.{i}.attention.o_proj.*', slot: 'blocks.{i}.attn.proj.*' },
    { file: 'layers.{i}.layernorm_after.*', slot: 'blocks.{i}.norm2.*' },
    { file: 'layers.{i}.mlp.fc1.*', slot: 'blocks.{i}.mlp.fc1.*' },
    { file: 'layers.{i}.mlp.fc2.*', slot: 'blocks.{i}.mlp.fc2.*' },
  ],
};

const spellings: readonly Spelling[] = [transformers4, transformers5];

/** Precedes every name in checkpoints saved from torch's DataParallel. */
const wrapper = 'module.';

/** A checkpoint's names, understood. */
export interface NameMap {
  /** Name in the file → slot. */
  readonly slots: ReadonlyMap<string, string>;
  /** Names that mean nothing here, or a slot that is taken already; not those that are merely not needed. */
  readonly surplus: ReadonlySet<string>;
  /** What the file would call a slot. */
  nameOf(slot: string): string;
}

/** Maps the names by the spelling that explains most of them; `file` is what messages call the file. */
export function mapNames(names: readonly string[], file: string): NameMap {
  const maps = spellings.map((spelling) => mapWith(spelling, names));
  const best = maps.reduce((a, b) => (b.slots.size > a.slots.size ? b : a));
  if (best.slots.size > 0) return best;
  const example = names.length > 0 ? `they are named like "${names[0]}"` : 'it has none';
  throw new VitError(
    'unsupported-model',
    `${file} has no tensors of a Hugging Face ViT (${example}): vit-wasm reads checkpoints of model_type "vit".`,
  );
}

function mapWith(spelling: Spelling, names: readonly string[]): NameMap {
  const rows = spelling.rows.map(({ file, slot }) => ({ from: patternOf(file), to: slot }));
  const slots = new Map<string, string>();
  const taken = new Set<string>();
  const surplus = new Set<string>();
  for (const name of names) {
    const bare = withoutPrefix(withoutPrefix(name, wrapper), spelling.prefix);
    const slot = rename(bare, rows);
    if (slot !== undefined && !taken.has(slot)) {
      taken.add(slot);
      slots.set(name, slot);
    } else if (slot !== undefined || !spelling.ignored.some((pattern) => pattern.test(bare))) {
      surplus.add(name);
    }
  }
  return { slots, surplus, nameOf: namer(spelling, [...slots.keys()]) };
}

/** The first row's answer that is one, with the block's number and the part carried over. */
function rename(name: string, rows: readonly { from: RegExp; to: string }[]): string | undefined {
  for (const { from, to } of rows) {
    const match = from.exec(name);
    if (!match) continue;
    const { i = '', part = '' } = match.groups ?? {};
    return to.replace('{i}', i).replace('*', part);
  }
  return undefined;
}

function patternOf(template: string): RegExp {
  // The part first: the number's pattern has a star of its own.
  const parts = template.replaceAll('.', '\\.').replace('*', '(?<part>weight|bias)');
  return new RegExp(`^${parts.replace('{i}', '(?<i>0|[1-9]\\d*)')}$`);
}

function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Slot → name, with the prefixes that the names of this file have. */
function namer(spelling: Spelling, names: readonly string[]): (slot: string) => string {
  const outer = names.some((name) => name.startsWith(wrapper)) ? wrapper : '';
  const inner = names.some((name) => name.startsWith(outer + spelling.prefix)) ? spelling.prefix : '';
  const rows = spelling.rows.map(({ file, slot, outside }) => ({
    from: patternOf(slot),
    to: outer + (outside ? '' : inner) + file,
  }));
  return (slot) => rename(slot, rows) ?? slot;
}
