// The tokenizer against Python's `tokenizers`: the ids in zero-shot.json are transformers' own.
import { describe, expect, it } from '@jest/globals';

import { readJson } from '../golden/fixtures.js';
import { clipTokenizer, makeTokenizer, type Tokenizer } from '../../web/words/tokenizer.js';

interface Row {
  name: string;
  labels: string[];
  ids: number[][];
}

interface Bpe {
  model: { vocab: Record<string, number>; merges: [string, string][] };
}

const rows = await readJson<Row[]>('zero-shot.json');
const [row] = rows;
const tokenizer = await readJson<Bpe>(`zero-shot/${row.name}/tokenizer.json`);
const config = await readJson<object>(`zero-shot/${row.name}/tokenizer_config.json`);

const expectIds = (encoder: Tokenizer) =>
  expect(row.labels.map((label) => encoder.encode(label, 77))).toEqual(row.ids);

describe('makeTokenizer', () => {
  it('gives the ids that Python gives, cut at 77 tokens with the last one kept', async () => {
    expectIds(await makeTokenizer({ tokenizer, config }));
    expect(row.ids.at(-1)).toHaveLength(77);
  });

  it("gives the ids of SentencePiece's Unigram", async () => {
    const siglip = rows.find(({ name }) => name === 'siglip');
    const files = ['tokenizer.json', 'tokenizer_config.json'].map((file) =>
      readJson<object>(`zero-shot/siglip/${file}`),
    );
    const [json, settings] = await Promise.all(files);
    const encoder = await makeTokenizer({ tokenizer: json, config: settings });
    expect(siglip?.labels.map((label) => encoder.encode(label, 64))).toEqual(siglip?.ids);
    expect(encoder.padding).toBe(1);
  });

  it('takes U+FEFF for a character and Σ for σ, as Python does', async () => {
    const encoder = await makeTokenizer({ tokenizer, config });
    const ids = (text: string) => encoder.encode(text, 77);
    expect(ids('a\ufeffb')).not.toEqual(ids('a b'));
    expect(ids('ΟΣ')).toEqual(ids('οσ'));
  });

  it('refuses what is no tokenizer', async () => {
    await expect(makeTokenizer({ tokenizer: { model: { type: 'none' } }, config: {} })).rejects.toMatchObject(
      {
        code: 'unsupported-model',
        message: expect.stringMatching(/^tokenizer\.json does not describe/),
      },
    );
  });
});

describe('clipTokenizer', () => {
  it('is the same tokenizer from vocab.json and merges.txt', async () => {
    const { vocab, merges } = tokenizer.model;
    const lines = ['#version: 0.2', ...merges.map((pair) => pair.join(' ')), ''];
    expectIds(await makeTokenizer({ tokenizer: clipTokenizer(vocab, lines.join('\n')), config: {} }));
  });
});
