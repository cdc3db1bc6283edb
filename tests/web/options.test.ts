// What `load` says of options that make no sense, through the built package.
import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, type LoadOptions } from 'vit-wasm';

import { failureOf, safetensors, tinyConfig, tinyTensors } from './tiny-checkpoint.js';

const model = { weights: safetensors(tinyTensors()), config: tinyConfig };

describe('an option of load is refused:', () => {
  it.each([
    [{ dtype: 'int4' }, 'unsupported-option', 'dtype "int4"'],
    [{ integrity: 'sha256-x' }, 'invalid-argument', 'sha256-'],
    [{ cache: 7 }, 'invalid-argument', 'match and put'],
    [{ worker: true }, 'unsupported-option', 'omit `worker`'],
    [{ worker: 'yes' }, 'invalid-argument', 'worker is "yes"'],
    [{ onProgress: 'log' }, 'invalid-argument', 'onProgress is "log"'],
    [{ signal: {} }, 'invalid-argument', 'signal is {}'],
    [{ token: 7 }, 'invalid-argument', 'token is 7'],
    [{ host: null }, 'invalid-argument', 'host is null'],
    [{ revision: '' }, 'invalid-argument', 'revision is ""'],
    [{ wasm: null }, 'invalid-argument', 'wasm is null'],
    [{ background: 'red' }, 'invalid-argument', 'background is "red"'],
    [{ maxBytes: 10n }, 'invalid-argument', 'maxBytes is 10n'],
    [null, 'invalid-argument', 'load cannot use null as options'],
    ['fp32', 'invalid-argument', 'load cannot use "fp32" as options'],
    [{ threads: 0 }, 'invalid-argument', 'threads is 0'],
    [{ variant: 'scalar' }, 'invalid-argument', 'variant is "scalar", but it should be "relaxed" or "simd"'],
    [{ kernels: '8x8' }, 'invalid-argument', 'kernels is "8x8", but it should be "6x8" or'],
    [{ labels: 'apple' }, 'invalid-argument', 'labels is "apple"'],
    [{ imageSize: 0 }, 'invalid-argument', 'imageSize is 0, but it should be a whole number of pixels'],
    [{ imageSize: { width: 8 } }, 'invalid-argument', 'imageSize is {"width":8}'],
    [{ imageSize: 10 }, 'config', 'an image of 10×10 is not a whole number of patches of 4×4'],
    [{ labels: ['apple'] }, 'invalid-argument', '1 labels were given, but the model has 3 classes'],
    [{ wasm: { url: 'x' } }, 'invalid-argument', 'wasm.variant'],
    [{ wasm: { variant: 'simd' } }, 'invalid-argument', 'exactly one of url, bytes and module'],
    [{ wasm: { variant: 'simd', url: 'x' }, variant: 'relaxed' }, 'invalid-argument', 'the same as variant'],
    [{ wasm: { variant: 'simd', bytes: new Uint8Array(8) } }, 'wasm', 'could not be compiled'],
    [{ wasm: { variant: 'simd', url: './no-such.wasm' } }, 'wasm', 'no-such.wasm'],
  ])('%p', async (options, code, says) => {
    const error = await failureOf(load(model, options as LoadOptions));
    expect(error).toMatchObject({ name: 'VitError', code, message: expect.stringContaining(says) });
  });
});

it.each(['hf_secret\n', 'hf_sec\r\nret', 'hf secret', 'hf_secret\u0000', 'hf_secret…'])(
  'a token that no request can carry is refused without being shown: %j',
  async (token) => {
    const error = await failureOf(load('owner/name', { token, host: 'https://localhost:1' }));
    expect(error).toMatchObject({ name: 'VitError', code: 'invalid-argument' });
    expect((error as Error).message).not.toMatch(/hf.sec|ret/);
    expect((error as Error).cause).toBeUndefined();
  },
);

it('a task before the model, as other libraries have it, is refused with the call that is meant', async () => {
  const error = await failureOf(load('image-classification', 'Xenova/vit-base' as LoadOptions));
  expect(error).toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('pass only the model by itself, load("Xenova/vit-base")'),
  });
});

it('"builtin" is the built-in model', async () => {
  const [named, unnamed] = await Promise.all([load('builtin'), load()]);
  expect(named.info).toEqual(unnamed.info);
  named.dispose();
  unnamed.dispose();
});

it('a folder may be named by its config.json', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-'));
  await writeFile(join(folder, 'config.json'), JSON.stringify(tinyConfig));
  await writeFile(join(folder, 'model.safetensors'), model.weights);
  (await load(join(folder, 'config.json'))).dispose();
  await rm(folder, { recursive: true });
});
