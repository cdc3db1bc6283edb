// SentencePiece's table of characters, by which it normalizes texts, as Python's `tokenizers` applies it. The library
// for tokenizers in JavaScript takes NFKC for it, which is not the same.

/** A normalizer by a `precompiled_charsmap`, in base64: a trie of UTF-8 bytes, and the texts that they become. */
export function precompiled(charsmap: string): (text: string) => string {
  const bytes = Uint8Array.from(atob(charsmap), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const trieBytes = view.getUint32(0, true);
  const trie = Uint32Array.from({ length: trieBytes >> 2 }, (_, at) => view.getUint32(4 + 4 * at, true));
  const replacements = bytes.subarray(4 + trieBytes);
  const replacementOf = (part: string) => {
    const at = shortestPrefix(trie, encoder.encode(part));
    return at === undefined
      ? undefined
      : decoder.decode(replacements.subarray(at, replacements.indexOf(0, at)));
  };
  return (text) =>
    graphemes(text)
      .map((grapheme) => replaced(grapheme, replacementOf))
      .join('');
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What people see as one character is replaced as a whole where it is short, however little of it the table knows. */
function replaced(grapheme: string, replacementOf: (part: string) => string | undefined): string {
  const whole = encoder.encode(grapheme).length < 6 ? replacementOf(grapheme) : undefined;
  return whole ?? Array.from(grapheme, (letter) => replacementOf(letter) ?? letter).join('');
}

/** In browsers without a segmenter (Firefox before 125) letters and their marks are apart. */
function graphemes(text: string): string[] {
  if (!('Segmenter' in Intl)) return [...text];
  return Array.from(new Intl.Segmenter('en').segment(text), ({ segment }) => segment);
}

/**
 * Where the replacement of the shortest beginning of `key` in the trie is; undefined when it has none. A node of the
 * double array (https://github.com/s-yata/darts-clone) has its byte in bits 0-7, in bit 8 whether a key ends, and above
 * that, how far its children are.
 */
function shortestPrefix(trie: Uint32Array, key: Uint8Array): number | undefined {
  const children = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
  let at = children(trie[0]);
  for (const byte of key) {
    if (byte === 0) return undefined;
    at ^= byte;
    const unit = trie[at] ?? 0;
    if ((unit & 0x800000ff) !== byte) return undefined;
    at ^= children(unit);
    if (unit & 0x100) return (trie[at] ?? 0) & 0x7fffffff;
  }
  return undefined;
}
