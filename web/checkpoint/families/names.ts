// Checkpoints' tensor names → the engine's slots, which have timm's names with q, k and v apart (cpp/weight_slots.h).
import { VitError } from '../../errors.js';
import { scaleSuffix, type Family, type Spelling } from './family.js';
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
export function mapNames(names: readonly string[], file: string, families: readonly Family[]): NameMap {
  const best = bestMap(names, families);
  if (best) return best;
  const example = names.length > 0 ? `they are named like "${names[0]}"` : 'it has none';
  const titles = families.map(({ title }) => title).join(', ');
  throw new VitError(
    'unsupported-model',
    `${file} contains no tensors of a Vision Transformer (${example}): vit-wasm reads the names of ${titles}.`,
  );
}

/** The same; undefined where no spelling explains any. */
export function bestMap(names: readonly string[], families: readonly Family[]): NameMap | undefined {
  const spellings = families.flatMap((family) => family.spellings.map((spelling) => ({ family, spelling })));
  const parsed = names.map((name) => ({ name, ...parse(withoutPrefix(name, wrapper)) }));
  let best: Attempt | undefined;
  for (const { family, spelling } of spellings) {
    // Nothing explains more than all.
    if (best?.slots.size === names.length) break;
    const attempt = { family, spelling, ...mapWith(spelling, parsed) };
    if (!best || attempt.slots.size > best.slots.size) best = attempt;
  }
  return best && best.slots.size > 0 ? nameMap(best, names) : undefined;
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

/** What one spelling makes of a file's names. */
interface Attempt {
  readonly family: Family;
  readonly spelling: Spelling;
  readonly slots: ReadonlyMap<string, Placement>;
  /** Names whose slot is taken. */
  readonly rivals: ReadonlySet<string>;
}

function mapWith({ prefix, rows }: Spelling, names: readonly FileName[]): Pick<Attempt, 'slots' | 'rivals'> {
  const table = tableOf(rows.map(({ file, slot, axes }) => [file, { to: slotsOf(slot), axes }]));
  const slots = new Map<string, Placement>();
  const taken = new Set<string>();
  const rivals = new Set<string>();
  for (const parsed of names) {
    const placement = rename(parsed, table, prefix);
    if (!placement) continue;
    if (placement.slots.some((slot) => taken.has(slot))) {
      rivals.add(parsed.name);
      continue;
    }
    for (const slot of placement.slots) taken.add(slot);
    slots.set(parsed.name, placement);
  }
  return { slots, rivals };
}

function nameMap({ family, spelling, slots, rivals }: Attempt, names: readonly string[]): NameMap {
  const isSurplus = (name: string) => rivals.has(name) || !(slots.has(name) || isIgnored(name, spelling));
  return {
    family,
    slots,
    surplus: new Set(names.filter(isSurplus)),
    nameOf: (slot) => spelled(slot, spelling, [...slots.keys()]),
  };
}

function slotsOf(slot: string | readonly string[]): readonly string[] {
  return typeof slot === 'string' ? [slot] : slot;
}

interface Renaming {
  readonly to: readonly string[];
  readonly axes?: Placement['axes'];
}

/** By what is renamed, with `{i}` and `*`; of equal rows the first counts. */
function tableOf(rows: readonly (readonly [string, Renaming])[]): ReadonlyMap<string, Renaming> {
  return new Map([...rows].reverse());
}

/** A block's number: the first name part that is a number; where there are stages, the second. */
const number = /(?<=[._])(?:0|[1-9]\d*)(?=[./])/g;
/** What `*` stands for. */
const layerPart = new RegExp(`(?:weight|bias|weight${scaleSuffix})$`);

/** A name taken apart, once for all the tables that it is looked up in. */
interface ParsedName {
  /** How rows may name it, the most exact first. */
  readonly templates: readonly string[];
  /** The first number and the second, where there are such. */
  readonly i: string;
  readonly j: string;
  /** What `*` stands for; it is the name's end. */
  readonly part: string;
}

type FileName = ParsedName & { readonly name: string };

function parse(name: string): ParsedName {
  const [i = '', j = ''] = name.match(number) ?? [];
  const [part = ''] = layerPart.exec(name) ?? [];
  const marks = ['{i}', '{j}'];
  const withMarks = (count: number) => {
    let at = 0;
    return name.replace(number, (digits) => (at < count ? marks[at++] : digits));
  };
  const exact = j ? [withMarks(1), withMarks(2)] : [withMarks(1)];
  // A row for just one part goes before one for any.
  const forAny = (template: string) => `${template.slice(0, -part.length)}*`;
  const templates = part ? exact.flatMap((template) => [template, forAny(template)]) : exact;
  return { templates, i, j, part };
}

/** What the table makes of a name without its prefix, with the block's number and the part carried over. */
function rename(
  { templates, i, j, part }: ParsedName,
  table: ReadonlyMap<string, Renaming>,
  prefix = '',
): Placement | undefined {
  let row: Renaming | undefined;
  for (const template of templates) row ??= table.get(withoutPrefix(template, prefix));
  if (!row) return undefined;
  const fill = (name: string) =>
    name
      .replace(/\{i([+-]1)?\}/, (_, step = 0) => String(Number(i) + Number(step)))
      .replace('{j}', j)
      .replace('*', part);
  const slots = row.to.map(fill);
  if (slots.some((slot) => slot.includes('.-1.'))) return undefined;
  return row.axes ? { slots, axes: row.axes } : { slots };
}

function isIgnored(name: string, { prefix, ignored }: Spelling): boolean {
  const bare = withoutPrefix(withoutPrefix(name, wrapper), prefix);
  return ignored.some((pattern) => pattern.test(bare));
}

function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** What a file with such names would call a slot, with the prefixes that they have. */
function spelled(slot: string, { prefix, rows }: Spelling, names: readonly string[]): string {
  const outer = names.some((name) => name.startsWith(wrapper)) ? wrapper : '';
  const inner = names.some((name) => name.startsWith(outer + prefix)) ? prefix : '';
  const table = tableOf(
    rows.flatMap(({ file, slot: to, outside }) =>
      slotsOf(to).map((one) => {
        // What is one stage earlier in the engine is one later in the file.
        const [slot, name] = one.includes('{i-1}')
          ? [one.replace('{i-1}', '{i}'), file.replace('{i}', '{i+1}')]
          : [one, file];
        return [slot, { to: [outer + (outside ? '' : inner) + name] }] as const;
      }),
    ),
  );
  return rename(parse(slot), table)?.slots[0] ?? slot;
}
