// The tokenizers of ../golden/word_tokenizers.py, as `load` would make them.
import { readFile } from 'node:fs/promises';
import { brotliDecompressSync } from 'node:zlib';

import { cleaningOf } from '../../web/words/cleaning.js';
import { clipTokenizer, makeTokenizer } from '../../web/words/tokenizer.js';
import { clipVocabulary } from './clip-vocabulary.js';

const folder = new URL('../golden/fixtures/tokenizers/', import.meta.url);

async function unpacked(name: string): Promise<string> {
  return brotliDecompressSync(await readFile(new URL(name, folder))).toString();
}

/** By name, in the order of answers.bin: text → ids. */
export async function tokenizersOf(): Promise<Record<string, (text: string) => number[]>> {
  const merges = await unpacked('clip-merges.txt.br');
  const clip = await makeTokenizer({
    tokenizer: clipTokenizer(clipVocabulary(merges.split('\n')), merges),
    config: {},
  });
  const [siglip, gemma] = await Promise.all(
    ['siglip', 'gemma'].map(async (name) => {
      const tokenizer = JSON.parse(await unpacked(`${name}.json.br`)) as object;
      return await makeTokenizer({ tokenizer, config: {} });
    }),
  );
  const clean = cleaningOf('lower');
  return {
    clip: (text) => clip.encode(text, Infinity),
    open_clip: (text) => clip.encode(clean?.(text) ?? text, Infinity),
    siglip: (text) => siglip.encode(text, Infinity),
    gemma: (text) => gemma.encode(text, Infinity),
  };
}
