// Text → token ids, as Python's `tokenizers` computes them. Loaded only when words are used: the library that does the
// work, @huggingface/tokenizers, is a chunk of its own in the bundles that have chunks.
import { VitError } from '../errors.js';
import { checkTokenizer } from './checked-tokenizer.js';
import { precompiled } from './precompiled.js';

/** The files that describe a tokenizer, parsed. */
export interface TokenizerFiles {
  /** tokenizer.json, as Python's `tokenizers` writes it. */
  readonly tokenizer: object;
  /** tokenizer_config.json; may be empty. */
  readonly config: object;
}

/** Encodes texts for one model. */
export interface Tokenizer {
  /**
   * The token ids of a text, special tokens included, at most `longest` of them: the end of a longer text is cut off,
   * but for its last token, which marks the end.
   */
  encode(text: string, longest: number): number[];
  /** The token that fills texts up, of tokenizers that name one. */
  readonly padding: number | undefined;
}

/** A step, or a sequence of steps; `charsmap` is the table of the kind that has one. */
interface Normalizer {
  readonly normalizers?: readonly (Normalizer | null)[];
  readonly charsmap?: unknown;
  normalize(text: string): string;
}

/** The part of the library that is used: its own declarations do not resolve under Node's rules for modules. */
interface Library {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => {
    encode(text: string): { readonly ids: number[] };
    token_to_id(token: string): number | undefined;
    readonly normalizer: Normalizer | null;
  };
}

export async function makeTokenizer({ tokenizer, config }: TokenizerFiles): Promise<Tokenizer> {
  const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as Library;
  checkTokenizer(tokenizer as Record<string, unknown>);
  const inner = understood(() => {
    const made = new Tokenizer(asPythonReadsIt(tokenizer), config);
    useTables(made.normalizer);
    return made;
  });
  const { pad_token: padding } = config as { pad_token?: unknown };
  return {
    padding: typeof padding === 'string' ? inner.token_to_id(padding) : undefined,
    encode(text, longest) {
      const { ids } = understood(() => checkIds(inner.encode(text)));
      return ids.length <= longest ? ids : [...ids.slice(0, longest - 1), ids[ids.length - 1]];
    },
  };
}

/** Has the steps that have tables of characters apply them. */
function useTables(step: Normalizer | null): void {
  step?.normalizers?.forEach(useTables);
  if (typeof step?.charsmap === 'string') step.normalize = precompiled(step.charsmap);
}

/** The result of the library, or one error for whatever it fails with. */
function understood<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = 'tokenizer.json does not describe a tokenizer that vit-wasm can use; download it again.';
    throw new VitError('unsupported-model', message, { cause: error });
  }
}

/** A vocabulary may map a token to anything. */
function checkIds<T extends { readonly ids: readonly number[] }>(encoded: T): T {
  if (encoded.ids.length > 0 && encoded.ids.every((id) => Number.isInteger(id) && id >= 0)) return encoded;
  throw new TypeError('an id that is none');
}

/**
 * What `ByteLevel` splits words by, GPT-2's pattern, with Unicode's white space: in JavaScript `\s` also matches
 * U+FEFF, which Python's side takes for a character.
 */
const wordPattern =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+|" +
  '\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+';

/** One step of a normalizer or a pre-tokenizer. */
type Step = Readonly<Record<string, unknown>> & { readonly type: string };

const without = (pattern: string): Step => ({ type: 'Replace', pattern: { Regex: pattern }, content: '' });

/** Equivalents of steps where JavaScript's strings and patterns differ from Rust's. */
const translations: Readonly<Record<string, (step: Step) => readonly Step[]>> = {
  // JavaScript's toLowerCase ends words with ς (https://tc39.es/ecma262/#sec-string.prototype.tolowercase); Rust's
  // normalizer goes letter by letter.
  Lowercase: (step) => [{ type: 'Replace', pattern: { String: 'Σ' }, content: 'σ' }, step],
  // JavaScript's trim takes U+FEFF for white space.
  Strip: ({ strip_left: left = true, strip_right: right = true }) => [
    ...(left ? [without('^\\p{White_Space}+')] : []),
    ...(right ? [without('\\p{White_Space}+$')] : []),
  ],
  ByteLevel: (step) =>
    step.use_regex === false
      ? [step]
      : [
          { type: 'Split', pattern: { Regex: wordPattern }, behavior: 'Isolated', invert: false },
          { ...step, use_regex: false },
        ],
};

function asPythonReadsIt(tokenizer: object): object {
  const { normalizer, pre_tokenizer: splitter, ...rest } = tokenizer as Record<string, unknown>;
  return {
    ...rest,
    normalizer: translated(normalizer, 'normalizers'),
    pre_tokenizer: translated(splitter, 'pretokenizers'),
  };
}

/** Translates a step, or the steps of a sequence, whose list has the name `list`. */
function translated(step: unknown, list: 'normalizers' | 'pretokenizers'): unknown {
  if (!isStep(step)) return step;
  const steps: unknown[] = step.type === 'Sequence' && Array.isArray(step[list]) ? step[list] : [step];
  return {
    type: 'Sequence',
    [list]: steps.flatMap<unknown>((one) => (isStep(one) ? translate(one) : [one])),
  };
}

function translate(step: Step): readonly Step[] {
  const spaced = withUnicodeSpaces(step);
  return translations[step.type]?.(spaced) ?? [spaced];
}

function withUnicodeSpaces(step: Step): Step {
  const { pattern } = step as { pattern?: { Regex?: unknown } };
  if (typeof pattern?.Regex !== 'string') return step;
  const spaces = pattern.Regex.replaceAll('\\s', '\\p{White_Space}').replaceAll('\\S', '\\P{White_Space}');
  return { ...step, pattern: { Regex: spaces } };
}

function isStep(value: unknown): value is Step {
  return typeof (value as Step | null)?.type === 'string';
}

/** CLIP's tokenizer from `vocab.json` and `merges.txt`, for repositories without tokenizer.json. */
export function clipTokenizer(vocab: Readonly<Record<string, number>>, merges: string): object {
  const special = { start: '<|startoftext|>', end: '<|endoftext|>' };
  const added = Object.values(special).map((content) => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: '1.0',
    added_tokens: added,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: {
            Regex:
              "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
          },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [special.end, vocab[special.end]],
      cls: [special.start, vocab[special.start]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      unk_token: special.end,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      vocab,
      // The first line of merges.txt says "#version".
      merges: merges.split('\n').filter((line) => line && !line.startsWith('#version')),
    },
  };
}
