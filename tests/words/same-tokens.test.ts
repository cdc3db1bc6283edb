// Ten thousand texts in two dozen scripts, emoji and odd spaces included, as Python tokenizes them: ../golden/word_tokenizers.py.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { crc32 } from '../../web/checkpoint/files/crc32.js';
import { texts } from '../golden/texts.js';
import { tokenizersOf } from './tokenizers.js';

const lines = texts(10_000);
const names = ['clip', 'open_clip', 'siglip', 'gemma'];

/** Where ftfy guesses that an encoding was mistaken, which we do not. */
const guessed = [138, 1890, 3529, 3910, 4192, 4884, 5165, 7326, 7433, 7530, 9585, 9615];

let encoders: Awaited<ReturnType<typeof tokenizersOf>>;
let answers: Uint8Array;

beforeAll(async () => {
  encoders = await tokenizersOf();
  answers = await readFile(new URL('../golden/fixtures/tokenizers/answers.bin', import.meta.url));
});

describe.each(names)('%s', (name) => {
  it('gives the ids that Python gives', () => {
    const expected = answers.subarray(names.indexOf(name) * lines.length).subarray(0, lines.length);
    const checksumOf = (ids: number[]) => crc32(new Uint8Array(Uint32Array.from(ids).buffer)) & 0xff;
    const different = lines.flatMap((line, at) =>
      checksumOf(encoders[name](line)) === expected[at] ? [] : [at],
    );
    expect(different).toEqual(name === 'open_clip' ? guessed : []);
  });
});
