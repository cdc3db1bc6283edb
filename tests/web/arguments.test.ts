// Whatever is given to load, as one of its options, or to a verb: one sentence in a VitError, never a TypeError of ours.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  fewShot,
  fewShotFromJSON,
  load,
  VitError,
  type LoadOptions,
  type Model,
  type ModelLocation,
  type Source,
} from 'vit-wasm';

import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { picture, safetensors, tinyConfig, tinyTensors } from './tiny-checkpoint.js';

const bytes = new Uint8Array(3);

/** Values of every kind that JavaScript has, with those that convert themselves to nothing. */
const anything: readonly (readonly [string, unknown])[] = [
  ...[
    null,
    0,
    -1,
    NaN,
    3,
    10n,
    true,
    false,
    '',
    ' ',
    '#a',
    'C:\\x',
    './\0x',
    'http://',
    'https://[',
    'file:%',
  ].map((value) => [typeof value === 'string' ? JSON.stringify(value) : String(value), value] as const),
  ['a long string', 'a'.repeat(1e6)],
  ['a symbol', Symbol('x')],
  ['a function', () => 1],
  ['an object', {}],
  ['an object without a prototype', Object.create(null)],
  ['a Proxy', new Proxy({}, {})],
  ['a Map', new Map([[1, 2]])],
  ['a Set', new Set([1])],
  ['a Date', new Date()],
  ['a Promise', Promise.resolve('x')],
  ['a String object', Object('builtin')],
  ['an empty list', []],
  ['a list of null', [null]],
  ['a list of nothing', [undefined]],
  ['a list of numbers', [1]],
  ['a list of lists', [[]]],
  ['a list of Blobs', [new Blob([])]],
  ['an ArrayBuffer', new ArrayBuffer(0)],
  ['a DataView', new DataView(new ArrayBuffer(2))],
  ['floats', new Float32Array(2)],
  ['a Blob', new Blob([])],
  ['a URL', new URL('file:///nowhere/')],
  ['weights that are a number', { weights: 1 }],
  ['a config that is a number', { weights: bytes, config: 5 }],
  ['labels that are a number', { weights: bytes, labels: 5 }],
  ['a preprocessor that is a list', { weights: bytes, preprocessor: [] }],
];

/** Nothing, or what is wrong with how a call fails. */
async function faultOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (!(error instanceof VitError)) return error instanceof Error ? error.stack : typeof error;
    if (error.message.length > 1500) return `a message of ${error.message.length} characters`;
    return /^\S.*[^.]\.$/s.test(error.message) ? undefined : error.message;
  }
}

let model: Model;
let words: Model;
beforeAll(async () => {
  model = await load({ weights: safetensors(tinyTensors()), config: tinyConfig });
  words = await load(zeroShotFolder(zeroShotModels[0]), { labels: ['a cat', 'a dog'] });
});
afterAll(() => {
  model.dispose();
  words.dispose();
});

const callOptions = [
  ...['topK', 'threshold', 'allow', 'deny', 'region', 'signal', 'latest', 'settle', 'pool', 'normalize'],
  ...['projection', 'layer', 'head', 'rollout', 'norm', 'patches'],
];

const offline = { cache: false, host: 'http://127.0.0.1:1' };

describe.each(anything)('%s', (_, value) => {
  it('is a model, or is not', async () => {
    const call = async () => (await load(value as ModelLocation, offline)).dispose();
    expect(await faultOf(call)).toBeUndefined();
  });

  it.each([
    ...[
      'dtype',
      'threads',
      'worker',
      'variant',
      'kernels',
      'wasm',
      'onProgress',
      'signal',
      'cache',
      'integrity',
    ],
    ...['revision', 'host', 'token', 'labels', 'preprocess', 'background', 'imageSize', 'maxBytes'],
    ...['template', 'keepTextEncoder', 'stallTimeout'],
  ])('is a value for %s, or is not', async (option) => {
    const options = { [option]: value } as LoadOptions;
    const call = async () => (await load(undefined, options)).dispose();
    expect(await faultOf(call)).toBeUndefined();
  });

  it.each([...(['classify', 'logits', 'embed', 'tokens', 'preprocess', 'attention', 'logitLens'] as const)])(
    'is something for %s, or is not',
    async (verb) => {
      const call = model[verb].bind(model) as (source: unknown, options?: unknown) => Promise<unknown>;
      expect(await faultOf(() => call(value as Source))).toBeUndefined();
      expect(await faultOf(() => call([picture, value]))).toBeUndefined();
      expect(await faultOf(() => call(picture, value))).toBeUndefined();
      for (const option of callOptions) {
        expect(await faultOf(() => call(picture, { [option]: value }))).toBeUndefined();
      }
    },
  );

  it('is a class to explain, or is not', async () => {
    const call = model.explain.bind(model) as (...args: unknown[]) => Promise<unknown>;
    expect(await faultOf(() => call(value, 0))).toBeUndefined();
    expect(await faultOf(() => call(picture, value))).toBeUndefined();
    expect(await faultOf(() => call(picture, 0, value))).toBeUndefined();
  });

  it('is a label or a text, or is not', async () => {
    const setLabels = words.setLabels.bind(words) as (...args: unknown[]) => Promise<unknown>;
    const embedText = words.embedText.bind(words) as (...args: unknown[]) => Promise<unknown>;
    for (const call of [setLabels, embedText]) {
      expect(await faultOf(() => call(value))).toBeUndefined();
      expect(await faultOf(() => call(['a cat', value]))).toBeUndefined();
      expect(await faultOf(() => call(['a cat'], value))).toBeUndefined();
      for (const option of ['template', 'normalize', 'signal']) {
        expect(await faultOf(() => call(['a cat'], { [option]: value }))).toBeUndefined();
      }
    }
  });

  it('is something for a classifier of one’s own, or is not', async () => {
    const any = value as never;
    expect(await faultOf(() => fewShot(any))).toBeUndefined();
    expect(await faultOf(() => fewShot(model, any))).toBeUndefined();
    for (const option of ['method', 'pool']) {
      expect(await faultOf(() => fewShot(model, { [option]: any }).add('a', picture))).toBeUndefined();
    }
    expect(await faultOf(() => fewShotFromJSON(any, {}))).toBeUndefined();
    expect(await faultOf(() => fewShotFromJSON(model, value))).toBeUndefined();
    const taught = model.fewShot({ method: 'prototype' });
    await taught.add('a', picture);
    await taught.add('b', picture);
    expect(await faultOf(() => taught.classify(any))).toBeUndefined();
    expect(await faultOf(() => taught.classify(picture, any))).toBeUndefined();
    expect(await faultOf(() => taught.add('c', any))).toBeUndefined();
    expect(await faultOf(() => taught.add(any, picture))).toBeUndefined();
    expect(await faultOf(() => taught.train(any))).toBeUndefined();
    expect(await faultOf(() => taught.evaluate(any))).toBeUndefined();
    expect(await faultOf(() => taught.remove(any))).toBeUndefined();
  });

  it('is a stream to watch or a list to go through, or is not', async () => {
    for (const verb of ['watch', 'each'] as const) {
      const call = model[verb].bind(model) as (...args: unknown[]) => AsyncGenerator;
      for (const args of [
        [value],
        [[picture], value],
        [[picture], { verb: value }],
        [[picture], { signal: value }],
      ]) {
        expect(
          await faultOf(async () => {
            const answers = call(...args);
            await answers.next();
            await answers.return(undefined);
          }),
        ).toBeUndefined();
      }
    }
  });
});
