// A loaded model's verbs, through the built package.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load, VitError, type ClassifyOptions, type Model, type RawImage, type Source } from 'vit-wasm';

import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from './tiny-checkpoint.js';

const inMemory = { weights: safetensors(tinyTensors()), config: tinyConfig };
const dark: RawImage = { data: new Uint8ClampedArray(9 * 7 * 4).fill(20), width: 9, height: 7 };

let model: Model;
let logits: Float32Array;

beforeAll(async () => {
  model = await load(inMemory);
  logits = await model.logits(picture);
});

afterAll(() => model.dispose());

describe('a model', () => {
  it('classifies: all probabilities sum to 1 and follow the logits', async () => {
    const predictions = await model.classify(picture);
    expect(predictions.map(({ index }) => index).sort()).toEqual([0, 1, 2]);
    expect(predictions.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
    const ranked = [0, 1, 2].sort((a, b) => logits[b] - logits[a]);
    expect(predictions.map(({ index }) => index)).toEqual(ranked);
    expect(predictions.map(({ label }) => label)).toEqual(ranked.map((i) => ['apple', 'pear', 'plum'][i]));
  });

  it('gives topK predictions', async () => {
    const all = await model.classify(picture);
    expect(await model.classify(picture, { topK: 1 })).toEqual(all.slice(0, 1));
    expect(await model.classify(picture, { topK: 1000 })).toEqual(all);
  });

  it('takes many sources as it takes one', async () => {
    const each = [await model.logits(picture), await model.logits(dark)];
    expect(each[0]).not.toEqual(each[1]);
    expect(await model.logits([picture, dark, picture])).toEqual([each[0], each[1], each[0]]);
    expect(await model.classify([picture, dark], { topK: 1 })).toEqual([
      await model.classify(picture, { topK: 1 }),
      await model.classify(dark, { topK: 1 }),
    ]);
    expect(await model.classify([])).toEqual([]);
  });

  it('performs calls made at once one after another', async () => {
    const alone = await model.preprocess(dark);
    const answers = await Promise.all([
      model.logits([picture, dark]),
      model.preprocess(dark),
      model.logits(picture),
      model.warmup(),
    ]);
    expect(answers[1]).toEqual(alone);
    expect(answers[2]).toEqual(answers[0][0]);
    expect(answers[2]).toEqual(logits);
  });

  it('gives the pixel values of a picture of its own size as they are', async () => {
    const data = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => i);
    const values = await model.preprocess({ data, width: 8, height: 8 });
    expect(values).toHaveLength(3 * 8 * 8);
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < 64; pixel++) {
        expect(values[64 * channel + pixel]).toBeCloseTo((data[4 * pixel + channel] / 255 - 0.5) / 0.5, 6);
      }
    }
  });

  it("takes bytes from anywhere in a buffer, and leaves the caller's alone", async () => {
    const buffer = new Uint8Array(picture.data.length + 5);
    buffer.set(picture.data, 3);
    const data = new Uint8ClampedArray(buffer.buffer, 3, picture.data.length);
    expect(await model.logits({ ...picture, data })).toEqual(logits);
    expect(data).toHaveLength(picture.data.length);
    expect(await model.logits({ ...picture, data: Buffer.from(picture.data) })).toEqual(logits);
  });
});

const wrongPictures: [name: string, source: unknown, says: string][] = [
  ['0 × 0 pixels', { data: new Uint8Array(), width: 0, height: 0 }, '0×0; it needs at least one pixel'],
  ['0 × 5 pixels', { data: new Uint8Array(), width: 0, height: 5 }, '0×5'],
  ['half a pixel', { data: new Uint8Array(2), width: 0.5, height: 1 }, '0.5×1'],
  ['no size', { data: new Uint8Array(4) }, 'undefined×undefined'],
  [
    'too few bytes',
    { data: new Uint8Array(12), width: 2, height: 2 },
    '12 bytes, but 2×2 pixels of RGBA take 16',
  ],
  ['floats for bytes', { data: new Float32Array(4), width: 1, height: 1 }, 'no `data` of RGBA bytes'],
  ['a list for bytes', { data: [1, 2, 3, 4], width: 1, height: 1 }, 'no `data` of RGBA bytes'],
  [
    'an edge too long',
    { data: new Uint8Array(4 * 70_000), width: 70_000, height: 1 },
    '70000×1, but an edge may have at most',
  ],
  ['an address where nothing decodes it', 'https://example.org/cat.jpg', 'Only browsers decode pictures'],
  ['null for a picture', null, 'read from null'],
  ['nothing for a picture', undefined, 'read from undefined'],
  [
    'a JPEG where nothing decodes it',
    './cat.jpg',
    'in Node decode the file yourself, with @jsquash/jpeg or sharp, and give { data, width, height }',
  ],
  ["an element's selector", '#canvas', 'pass the element itself, document.querySelector("#canvas").'],
  ['a Blob where nothing decodes it', new Blob(['x']), 'Only browsers decode pictures'],
];

describe('a picture is refused that has', () => {
  it.each(wrongPictures)('%s', async (_, source, says) => {
    const calls = [model.classify(source as Source), model.logits([picture, source as Source])];
    for (const error of await Promise.all(calls.map(failureOf))) {
      expect(error).toBeInstanceOf(VitError);
      expect(error).toMatchObject({ code: 'invalid-source', message: expect.stringContaining(says) });
    }
    expect(await model.logits(picture)).toEqual(logits);
  });
});

describe('an option is refused:', () => {
  it.each([
    [{ topK: 0 }, 'invalid-argument', 'topK is 0'],
    [{ topK: 1.5 }, 'invalid-argument', 'topK is 1.5'],
    [{ threshold: 1.5 }, 'invalid-argument', 'threshold is 1.5'],
    [{ threshold: NaN }, 'invalid-argument', 'threshold is'],
    [{ allow: ['cherry'] }, 'invalid-argument', 'allow has "cherry"'],
    [{ deny: [3] }, 'invalid-argument', 'deny has 3'],
    [{ region: { x: 0, y: 0, width: 0, height: 1 } }, 'invalid-argument', 'region is {"x":0'],
    [{ region: { x: -1, y: 0, width: 1, height: 1 } }, 'invalid-argument', 'region is {"x":-1'],
    [{ region: { x: 0, y: 0, width: 999, height: 1 } }, 'invalid-argument', 'is not inside the picture'],
    [{ scores: true }, 'unsupported-option', 'classify has no option "scores"'],
    [{ topK: null }, 'invalid-argument', 'topK is null'],
    [{ threshold: '0.5' }, 'invalid-argument', 'threshold is "0.5"'],
    [{ topK: 10n }, 'invalid-argument', 'topK is 10n'],
    [{ region: null }, 'invalid-argument', 'region is null'],
    [{ region: 'all' }, 'invalid-argument', 'region is "all"'],
    [{ signal: 5000 }, 'invalid-argument', "signal is 5000, but it should be an AbortController's signal"],
    [{ signal: null }, 'invalid-argument', 'signal is null'],
    [3, 'invalid-argument', 'classify cannot use 3 as options: options are an object, as in { topK: 3 }.'],
    [null, 'invalid-argument', 'classify cannot use null as options'],
    [[picture], 'invalid-argument', 'several pictures are given in a list, classify([first, second])'],
    [picture, 'invalid-argument', 'several pictures are given in a list, classify([first, second])'],
    [new Blob(['x']), 'invalid-argument', 'classify cannot use a Blob as options: several pictures'],
  ])('%p', async (options, code, says) => {
    const error = await failureOf(model.classify(picture, options as ClassifyOptions));
    expect(error).toBeInstanceOf(VitError);
    expect(error).toMatchObject({ name: 'VitError', code, message: expect.stringContaining(says) });
  });
});

it('no verb takes something else than options', async () => {
  const none = null as unknown as undefined;
  for (const [verb, call] of [
    ['logits', () => model.logits(picture, none)],
    ['embed', () => model.embed(picture, none)],
    ['tokens', () => model.tokens(picture, none)],
    ['preprocess', () => model.preprocess(picture, none)],
    ['warmup', () => model.warmup(none)],
  ] as const) {
    expect(await failureOf(call())).toMatchObject({
      name: 'VitError',
      message: expect.stringContaining(`${verb} cannot use null as options`),
    });
  }
});

describe('options', () => {
  it('choose among the predictions', async () => {
    const all = await model.classify(picture);
    const [best, second] = all;
    expect(await model.classify(picture, { deny: [best.label] })).toEqual(all.slice(1));
    expect(await model.classify(picture, { allow: [second.index] })).toEqual([second]);
    expect(await model.classify(picture, { threshold: best.probability })).toEqual([best]);
    expect(await model.classify(picture, { threshold: 1 })).toEqual([]);
  });

  it('a region counts as a picture of its own', async () => {
    const { data, width } = picture;
    const region = { x: 2, y: 1, width: 3, height: 2 };
    const part = new Uint8Array(4 * 3 * 2);
    for (let row = 0; row < 2; row++) {
      part.set(data.subarray(4 * ((row + 1) * width + 2), 4 * ((row + 1) * width + 5)), 12 * row);
    }
    const expected = await model.logits({ data: part, width: 3, height: 2 });
    expect(expected).not.toEqual(logits);
    expect(await model.logits(picture, { region })).toEqual(expected);
    expect(await model.logits([picture, picture], { region })).toEqual([expected, expected]);
    const whole = { x: 0, y: 0, width, height: picture.height };
    expect(await model.logits(picture, { region: whole })).toEqual(logits);
  });

  it('background shows through, rounded as Pillow rounds', async () => {
    // Of Pillow 13: Image.new('RGB', size, (10, 200, 30)).paste(image, mask=image)
    const data = Uint8Array.of(255, 0, 7, 128, 99, 99, 99, 0, 1, 2, 3, 255, 200, 100, 50, 1);
    const source = { data, width: 2, height: 2 };
    const flat = Uint8Array.of(133, 100, 18, 255, 10, 200, 30, 255, 1, 2, 3, 255, 11, 200, 30, 255);
    const expected = await model.preprocess({ data: flat, width: 2, height: 2 });
    for (const background of [[10, 200, 30], '#0ac81e', '#0AC81E'] as const) {
      const other = await load(inMemory, { background });
      expect(await other.preprocess(source)).toEqual(expected);
      other.dispose();
    }
    expect(Array.from(data.subarray(4, 8))).toEqual([99, 99, 99, 0]);
    expect(await model.preprocess(source)).not.toEqual(expected);
  });

  it.each([['gray'], ['#12'], [[1, 2]], [[1, 2, 256]]])('background %j is refused', async (background) => {
    const error = await failureOf(load(inMemory, { background: background as unknown as 'white' }));
    expect(error).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('background is'),
    });
  });
});

describe('an abort', () => {
  it('before the call rejects it with the reason', async () => {
    expect(await failureOf(model.classify(picture, { signal: AbortSignal.abort('no') }))).toBe('no');
  });

  it('while the call waits rejects that one only', async () => {
    const abort = new AbortController();
    const calls = [
      model.logits(picture),
      model.logits(dark, { signal: abort.signal }),
      model.logits(picture),
    ] as const;
    abort.abort('changed my mind');
    expect(await failureOf(calls[1])).toBe('changed my mind');
    expect(await calls[0]).toEqual(logits);
    expect(await calls[2]).toEqual(logits);
  });

  it('in the middle of many pictures ends them', async () => {
    const signal = AbortSignal.timeout(50);
    const many = Array.from({ length: 1_000_000 }, () => dark);
    expect(await failureOf(model.logits(many, { signal }))).toMatchObject({ name: 'TimeoutError' });
    expect(await model.logits(picture)).toEqual(logits);
  });
});

describe('disposing', () => {
  it('makes later calls and those that wait reject, may be repeated, and leaves other models alone', async () => {
    const other = await load(inMemory);
    const waiting = [failureOf(other.logits(picture)), failureOf(other.classify([dark, picture]))];
    other.dispose();
    other.dispose();
    for (const error of await Promise.all([...waiting, failureOf(other.warmup())])) {
      expect(error).toBeInstanceOf(VitError);
      expect(error).toMatchObject({
        code: 'disposed',
        message: 'This model was disposed; load it again to use it.',
      });
    }
    expect(other.info.classes).toBe(3);
    expect(await model.logits(picture)).toEqual(logits);
  });

  it('happens at the end of a block that uses the model', async () => {
    const other = await load(inMemory);
    expect(typeof other[Symbol.dispose]).toBe('function');
    other[Symbol.dispose]();
    expect(await failureOf(other.logits(picture))).toMatchObject({ code: 'disposed' });
  });
});
