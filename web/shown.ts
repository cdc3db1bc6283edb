// How messages show a value, which may be anything that a file or a caller can contain: of any size, nested to any
// depth, cyclic.

/** How much of a value a message shows. */
const longestText = 60;
const mostMembers = 6;
const deepest = 2;

/** A value in short, much like JSON, with an ellipsis for what is left out. */
export function shown(value: unknown, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(shortened(value, longestText));
  if (typeof value === 'bigint') return `${shortened(String(value), longestText)}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (kind !== 'Object' && kind !== 'Array') return /^[AEIOU]/.test(kind) ? `an ${kind}` : `a ${kind}`;
  if (Array.isArray(value)) {
    if (depth === deepest) return '[…]';
    const members = value.slice(0, mostMembers).map((member: unknown) => shown(member, depth + 1));
    return `[${members.join(',')}${value.length > mostMembers ? ',…' : ''}]`;
  }
  if (depth === deepest) return '{…}';
  const members: string[] = [];
  for (const name in value) {
    if (members.length === mostMembers) return `{${members.join(',')},…}`;
    const member = (value as Record<string, unknown>)[name];
    members.push(`${JSON.stringify(shortened(name, longestText))}:${shown(member, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}

/** The text, or its beginning and its end around an ellipsis. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const end = Math.floor(longest / 3);
  return `${text.slice(0, longest - end - 1)}…${text.slice(-end)}`;
}
