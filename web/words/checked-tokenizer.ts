// A tokenizer.json is a program from elsewhere: its patterns and replacements run on every text. Those that could run
// forever or make a text grow without bound are refused.
import { VitError } from '../errors.js';
import { shown } from '../shown.js';

/** Steps of normalizers and pre-tokenizers together; SigLIP's has seven. */
const mostSteps = 24;

/** Refuses a tokenizer whose steps could take long for a text. */
export function checkTokenizer({
  normalizer,
  pre_tokenizer: splitter,
}: Readonly<Record<string, unknown>>): void {
  const steps = [...stepsIn(normalizer), ...stepsIn(splitter)];
  if (steps.length > mostSteps) throw refused(`has ${steps.length} steps, and at most ${mostSteps} are run`);
  for (const { pattern, content } of steps) {
    const { Regex: regex, String: plain } = (pattern ?? {}) as { Regex?: unknown; String?: unknown };
    if (typeof regex === 'string' && !isQuick(regex)) {
      throw refused(`splits texts by ${shown(regex)}, which may take forever`);
    }
    // Every step could double a text that grows.
    const longest = Math.max(1, typeof plain === 'string' ? plain.length : 0);
    if (typeof content === 'string' && content.length > longest) {
      throw refused(`replaces ${shown(plain ?? regex)} by something longer`);
    }
  }
}

/** How deep steps may be nested; SigLIP's are 2 sequences deep. */
const mostDepth = 100;

/** Every step, at any depth up to that. */
function stepsIn(value: unknown, depth = 0): Readonly<Record<string, unknown>>[] {
  if (typeof value !== 'object' || value === null) return [];
  if (depth > mostDepth) throw refused(`has steps within steps more than ${mostDepth} times`);
  const inside = Object.values(value).flatMap((part) => stepsIn(part, depth + 1));
  return 'type' in value ? [value, ...inside] : inside;
}

/**
 * Whether matching a pattern takes time at most quadratic in the length of the text: no group is repeated, and no
 * alternative has more than one repetition. The patterns of GPT-2, CLIP and SigLIP are like that.
 */
export function isQuick(pattern: string): boolean {
  let repetitions = 0;
  let depth = 0;
  // Escapes, with the braces of \p{L} and \u{61}, and classes of characters are one character each.
  const simple = pattern.replace(/\\[pPu]\{[^}]*\}|\\[^]|\[(?:\\[^]|[^\]\\])*\]/g, 'a');
  for (const [at, sign] of [...simple].entries()) {
    if (sign === '(') depth++;
    if (sign === ')') depth--;
    if (sign === '|' && depth === 0) repetitions = 0;
    if (!'*+{'.includes(sign)) continue;
    if (at > 0 && simple[at - 1] === ')') return false;
    if (++repetitions > 1) return false;
  }
  return true;
}

function refused(what: string): VitError {
  return new VitError(
    'unsupported-model',
    `tokenizer.json ${what}; load a model whose tokenizer is CLIP's or SigLIP's.`,
  );
}
