// Checkpoints' tensor names → the engine's slots, which have timm's names with q, k and v apart (cpp/weights.h).
import { VitError } from '../errors.js';
import { families as all } from './families/all.js';
import type { Family, Spelling } from './families/family.js';
import type { Placement } from './placement.js';

/** Precedes every name in checkpoints saved from torch's DataParallel. */
const wrapper = 'module.';

/** A checkpoint's names, understood. */
export interface NameMap {
  /** Whose names they are. */
  readonly family: Family;
  /** Name in the file → where the tensor goes. */
  readonly slots: ReadonlyMap<string, Placement>;
  /** Names that mean nothing here, or a slot that is taken already; not those that are merely not needed. */
  readonly surplus: ReadonlySet<string>;
  /** What the file would call a slot. */
  nameOf(slot: string): string;
}

/** Maps the names by the spelling that explains most of them; `file` is what messages call the file. */
export function mapNames(names: readonly string[], file: string, families: readonly Family[] = all): NameMap {
  const maps = families.flatMap((family) =>
    family.spellings.map((spelling) => mapWith(family, spelling, names)),
  );
  const best = maps.reduce((a, b) => (b.slots.size > a.slots.size ? b : a));
  if (best.slots.size > 0) return best;
  const example = names.length > 0 ? `they are named like "${names[0]}"` : 'it has none';
  const titles = families.map(({ title }) => title).join(', ');
  throw new VitError(
    'unsupported-model',
    `${file} has no tensors of a Vision Transformer (${example}): vit-wasm reads the names of ${titles}.`,
  );
}

/** A gated MLP whose gate and first layer are one tensor, the gate first, without saying so in its name. */
export function splitGates(names: NameMap): NameMap {
  const split = (placement: Placement): Placement => {
    const [first, ...more] = placement.slots;
    const [, before, part] = /^(.*\.mlp\.fc1)(\..*)$/.exec(more.length === 0 ? first : '') ?? [];
    return before ? { slots: [`${before}_g${part}`, `${before}_x${part}`] } : placement;
  };
  return { ...names, slots: new Map([...names.slots].map(([name, placement]) => [name, split(placement)])) };
}

function mapWith(family: Family, spelling: Spelling, names: readonly string[]): NameMap {
  const rows = spelling.rows.map(({ file, slot, axes }) => ({
    from: patternOf(file),
    to: slotsOf(slot),
    axes,
  }));
  const slots = new Map<string, Placement>();
  const taken = new Set<string>();
  const surplus = new Set<string>();
  for (const name of names) {
    const bare = withoutPrefix(withoutPrefix(name, wrapper), spelling.prefix);
    const placement = rename(bare, rows);
    if (placement && !placement.slots.some((slot) => taken.has(slot))) {
      for (const slot of placement.slots) taken.add(slot);
      slots.set(name, placement);
    } else if (placement || !spelling.ignored.some((pattern) => pattern.test(bare))) {
      surplus.add(name);
    }
  }
  return { family, slots, surplus, nameOf: namer(spelling, [...slots.keys()]) };
}

function slotsOf(slot: string | readonly string[]): readonly string[] {
  return typeof slot === 'string' ? [slot] : slot;
}

interface Renaming {
  readonly from: RegExp;
  readonly to: readonly string[];
  readonly axes?: Placement['axes'];
}

/** What the first row that fits makes of a name, with the block's number and the part carried over. */
function rename(name: string, rows: readonly Renaming[]): Placement | undefined {
  for (const { from, to, axes } of rows) {
    const match = from.exec(name);
    if (!match) continue;
    const { i = '', part = '' } = match.groups ?? {};
    const slots = to.map((template) => template.replace('{i}', i).replace('*', part));
    return axes ? { slots, axes } : { slots };
  }
  return undefined;
}

function patternOf(template: string): RegExp {
  // The part first: the number's pattern has a star of its own.
  const parts = template.replaceAll('.', '\\.').replace('*', '(?<part>weight|bias|weight_spread_scale)');
  return new RegExp(`^${parts.replace('{i}', '(?<i>0|[1-9]\\d*)')}$`);
}

function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Slot → name, with the prefixes that the names of this file have. */
function namer(spelling: Spelling, names: readonly string[]): (slot: string) => string {
  const outer = names.some((name) => name.startsWith(wrapper)) ? wrapper : '';
  const inner = names.some((name) => name.startsWith(outer + spelling.prefix)) ? spelling.prefix : '';
  const rows = spelling.rows.flatMap(({ file, slot, outside }) =>
    slotsOf(slot).map((one) => ({ from: patternOf(one), to: [outer + (outside ? '' : inner) + file] })),
  );
  return (slot) => rename(slot, rows)?.slots[0] ?? slot;
}
