/** vocab.json of CLIP from its merges: bytes, bytes at a word's end, what is merged, and the two ends. */
export function clipVocabulary(merges: readonly string[]): Record<string, number> {
  const between = (first: string, last: string) =>
    Array.from({ length: last.charCodeAt(0) - first.charCodeAt(0) + 1 }, (_, at) =>
      String.fromCharCode(first.charCodeAt(0) + at),
    );
  const visible = [...between('!', '~'), ...between('¡', '¬'), ...between('®', 'ÿ')];
  const hidden = Array.from({ length: 256 - visible.length }, (_, at) => String.fromCharCode(256 + at));
  const bytes = [...visible, ...hidden];
  const merged = merges.map((line) => line.replace(' ', ''));
  const ends = ['<|startoftext|>', '<|endoftext|>'];
  const tokens = [...bytes, ...bytes.map((letter) => `${letter}</w>`), ...merged, ...ends];
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}
