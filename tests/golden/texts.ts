// Texts in two dozen scripts, made of a table and of noise; `texts.py` is the same.
import { readFile } from 'node:fs/promises';

import { noise } from './noise.js';

interface Table {
  /** By name: code points from … to …. */
  scripts: Record<string, Range[]>;
  words: string[];
  punctuation: string;
  emoji: string[];
  spaces: string[];
  specials: string[];
  marks: string[];
}

type Range = readonly [first: number, last: number];
type Draw = () => number;

const table = JSON.parse(await readFile(new URL('texts.json', import.meta.url), 'utf8')) as Table;
const scripts = Object.values(table.scripts);
const punctuation = [...table.punctuation];

export function texts(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, number) => text(5_000_000 + first + number));
}

/** Up to six pieces: words of a script, numbers, punctuation, emoji, what tokenizers treat specially, odd spaces. */
function text(seed: number): string {
  const draws = noise(seed, 200);
  let at = 0;
  const draw = () => draws[at++];
  const script = pick(scripts, draw);
  let result = pick([' ', '', '', '', ...table.spaces.slice(0, 2)], draw);
  for (let left = 1 + (draw() % 6); left > 0; left--) {
    result += piece(script, draw);
    result += separator(draw);
  }
  return result;
}

function piece(script: Range[], draw: Draw): string {
  const kind = draw() % 16;
  if (kind < 7) return word(script, draw);
  if (kind < 10) return pick(table.words, draw);
  if (kind === 10) {
    const value = draw();
    return String(value % 10 ** (1 + (draw() % 6)));
  }
  if (kind === 11) return Array.from({ length: 1 + (draw() % 3) }, () => pick(punctuation, draw)).join('');
  if (kind === 12) return pick(table.emoji, draw);
  if (kind === 13) return pick(table.specials, draw);
  if (kind === 14) {
    const letters = word(script, draw);
    return letters + pick(table.marks, draw);
  }
  return word(pick(scripts, draw), draw);
}

function word(script: Range[], draw: Draw): string {
  return Array.from({ length: 1 + (draw() % 7) }, () => letter(pick(script, draw), draw)).join('');
}

function letter([first, last]: Range, draw: Draw): string {
  return String.fromCodePoint(first + (draw() % (last - first + 1)));
}

function separator(draw: Draw): string {
  const kind = draw() % 8;
  if (kind < 5) return ' ';
  if (kind === 5) return '';
  return kind === 6 ? '  ' : pick(table.spaces, draw);
}

function pick<T>(choices: readonly T[], draw: Draw): T {
  return choices[draw() % choices.length];
}
