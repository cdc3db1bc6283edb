// A check of JSON text before it is parsed: a few megabytes of brackets become gigabytes of arrays, and of two equal
// keys in an object, the first is lost.
import type { VitErrorCode } from '../../errors.js';
import { checkLimit } from './limits.js';

/** What is in a JSON text; approximate where the text is not valid. */
export interface JsonSurvey {
  /** Members and elements at every depth. */
  readonly values: number;
  readonly depth: number;
  /** The keys of the outermost object, as they are written, in quotes. */
  readonly keys: readonly string[];
}

const [quote, backslash, colon, comma, openBrace, closeBrace, openBracket, closeBracket] = [
  ...'"\\:,{}[]',
].map((character) => character.charCodeAt(0));

export function surveyJson(text: string): JsonSurvey {
  const keys: string[] = [];
  let [values, depth, deepest] = [1, 0, 0];
  /** The outermost object's last string, which is a key if a colon follows. */
  let last: readonly [begin: number, end: number] | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) {
      const end = endOfString(text, at);
      if (depth === 1) last = [at, end];
      at = end - 1;
    } else if (character === colon && last) {
      keys.push(text.slice(...last));
      last = undefined;
    } else if (character === comma) {
      values++;
      last = undefined;
    } else if (character === openBrace || character === openBracket) {
      values++;
      deepest = Math.max(deepest, ++depth);
    } else if (character === closeBrace || character === closeBracket) {
      depth--;
    }
  }
  return { values, depth: deepest, keys };
}

/** The index after the quote that ends the string beginning at `begin`. */
function endOfString(text: string, begin: number): number {
  for (let at = begin + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let escape = at;
    while (text.charCodeAt(escape - 1) === backslash) escape--;
    if ((at - escape) % 2 === 0) return at + 1;
  }
}

/** Refuses a text with too many values. `file` is what messages call it. */
export function checkSurvey({ values, depth }: JsonSurvey, file: string, code: VitErrorCode): void {
  checkLimit(values, 'jsonValues', file, 'values', code);
  checkLimit(depth, 'jsonDepth', file, 'values within values', code);
}
