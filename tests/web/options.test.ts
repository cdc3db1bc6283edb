// What `load` says of options that make no sense, through the built package.
import { describe, expect, it } from '@jest/globals';
import { load, type LoadOptions } from 'vit-wasm';

import { failureOf, safetensors, tinyConfig, tinyTensors } from './tiny-checkpoint.js';

const model = { weights: safetensors(tinyTensors()), config: tinyConfig };

describe('an option of load is refused:', () => {
  it.each([
    [{ dtype: 'int4' }, 'unsupported-option', 'dtype "int4"'],
    [{ integrity: 'sha256-x' }, 'invalid-argument', 'sha256-'],
    [{ cache: 7 }, 'invalid-argument', 'match and put'],
    [{ worker: true }, 'unsupported-option', 'leave `worker` out'],
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
  ])('%j', async (options, code, says) => {
    const error = await failureOf(load(model, options as LoadOptions));
    expect(error).toMatchObject({ name: 'VitError', code, message: expect.stringContaining(says) });
  });
});
