// A tokenizer.json that is made to harm, or damaged: texts become token ids soon, or an error says what is wrong.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { VitError } from '../../web/errors.js';
import { isQuick } from '../../web/words/checked-tokenizer.js';
import { makeTokenizer } from '../../web/words/tokenizer.js';
import type { JsonObject } from '../fuzz/models.js';
import { changeObject } from '../fuzz/mutate.js';
import { randomOf } from '../fuzz/random.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { failureOf } from '../web/tiny-checkpoint.js';

const read = async (folder: URL, name: string) =>
  JSON.parse(await readFile(new URL(name, folder), 'utf8')) as JsonObject;
const originals = await Promise.all(
  zeroShotModels.map(async (model) => ({
    tokenizer: await read(zeroShotFolder(model), 'tokenizer.json'),
    config: await read(zeroShotFolder(model), 'tokenizer_config.json'),
  })),
);
const [{ tokenizer: clip, config }] = originals;

// The library warns of what it does not know.
beforeAll(() => void jest.spyOn(console, 'warn').mockImplementation(() => undefined));
afterAll(() => void jest.restoreAllMocks());

const text = 'A photo of a very, very large tabby cat: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!';

describe('patterns', () => {
  it.each([
    "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
    "'s|'t| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    '[!"#$%&()*+,./:;=?@\\[\\]^_`{|}~-]',
    '\\s+',
    '\\u{61}|(?:a|b)c+',
  ])('%s is quick', (pattern) => expect(isQuick(pattern)).toBe(true));

  it.each([
    '(a+)+$',
    '(?:a|a)*b',
    '(.*)*x',
    '.*.*.*x',
    '(a|a){2,}',
    '(a*|b)(a*|b)',
    '(?:a{1,9}){1,9}x',
    '\\)(b)+',
  ])('%s is not', (pattern) => expect(isQuick(pattern)).toBe(false));
});

describe('is refused:', () => {
  const step = (change: object) => ({ ...clip, normalizer: { type: 'Sequence', normalizers: [change] } });

  it.each<[string, object, string]>([
    [
      'a pattern without end',
      step({ type: 'Replace', pattern: { Regex: '(.+)+x' }, content: '' }),
      'forever',
    ],
    [
      'a splitter without end',
      {
        ...clip,
        pre_tokenizer: { type: 'Split', pattern: { Regex: '(.+)+x' }, behavior: 'Isolated', invert: false },
      },
      'forever',
    ],
    [
      'a text that grows',
      step({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' }),
      'replaces "a" by something longer',
    ],
    [
      'a text that doubles again and again',
      {
        ...clip,
        normalizer: {
          type: 'Sequence',
          normalizers: Array(40).fill({ type: 'Replace', pattern: { Regex: '' }, content: 'a' }),
        },
      },
      'steps, and at most 24 are run',
    ],
    [
      'steps within steps without end',
      step(
        Array.from({ length: 20_000 }).reduce<object>(
          (inside) => ({ type: 'Sequence', normalizers: [inside] }),
          {},
        ),
      ),
      'more than 100 times',
    ],
    [
      'a pattern that is none',
      step({ type: 'Replace', pattern: { Regex: '(' }, content: '' }),
      'does not describe',
    ],
    ['no model', { ...clip, model: undefined }, 'does not describe'],
  ])('%s', async (_, tokenizer, says) => {
    const began = performance.now();
    const making = makeTokenizer({ tokenizer, config }).then((made) => made.encode(text, 77));
    const error = await failureOf(making);
    expect(error).toMatchObject({
      name: 'VitError',
      code: 'unsupported-model',
      message: expect.stringContaining(says),
    });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('ids that are no whole numbers', async () => {
    const { vocab, ...model } = clip['model'] as { vocab: Record<string, number> };
    const halves = Object.fromEntries(Object.entries(vocab).map(([token, id]) => [token, id + 0.5]));
    const made = await makeTokenizer({ tokenizer: { ...clip, model: { ...model, vocab: halves } }, config });
    expect(() => made.encode(text, 77)).toThrow(VitError);
  });
});

it('damaged in a thousand ways, it gives ids or an error of ours', async () => {
  for (let seed = 1; seed <= 1000; seed++) {
    const random = randomOf(seed);
    const { tokenizer, config } = structuredClone(random.pick(originals));
    for (let changes = 1 + random.below(3); changes > 0; changes--) {
      changeObject(random.oneIn(8) ? config : tokenizer, ['type', 'pattern', 'content'], random);
    }
    try {
      const ids = (await makeTokenizer({ tokenizer, config })).encode(text, 77);
      expect(ids.length).toBeGreaterThan(0);
      expect(ids.every((id) => Number.isInteger(id) && id >= 0)).toBe(true);
    } catch (error) {
      if (!(error instanceof VitError)) throw new Error(`Seed ${seed}`, { cause: error });
    }
  }
});
