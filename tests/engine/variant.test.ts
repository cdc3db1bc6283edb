import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { load } from 'vit-wasm';

import { chooseVariant, isSupported, variants } from '../../web/engine/variant.js';
import { picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const inMemory = { weights: safetensors(tinyTensors()), config: tinyConfig };

/** What a new Node with these flags says of `load(undefined, options)`: the variant, or the error. */
async function loadInNode(flags: string[], options: object): Promise<unknown> {
  const entry = new URL('../../dist/node.js', import.meta.url).href;
  const script = `
    const { load } = await import(${JSON.stringify(entry)});
    const say = (outcome) => console.log(JSON.stringify(outcome));
    await load(undefined, ${JSON.stringify(options)}).then(
      ({ info }) => say({ variant: info.variant }),
      ({ name, code, message }) => say({ name, code, message }),
    );`;
  const node = promisify(execFile);
  const { stdout } = await node(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  return JSON.parse(stdout);
}

describe('the probes', () => {
  it('are valid modules where the instructions are there, as here', () => {
    expect(variants).toEqual(['relaxed', 'simd']);
    expect(variants.map(isSupported)).toEqual([true, true]);
    expect(chooseVariant()).toBe('relaxed');
    expect(chooseVariant('simd')).toBe('simd');
  });

  it('find no relaxed SIMD where it is turned off, and the plain build runs', async () => {
    const off = ['--no-experimental-wasm-relaxed-simd'];
    expect(await loadInNode(off, {})).toEqual({ variant: 'simd' });
    expect(await loadInNode(off, { variant: 'relaxed' })).toMatchObject({
      name: 'VitError',
      code: 'no-simd',
      message: expect.stringContaining('cannot run the "relaxed" build'),
    });
  });

  it('find nothing where there is no WebAssembly', async () => {
    expect(await loadInNode(['--jitless', '--no-warnings'], {})).toMatchObject({
      name: 'VitError',
      code: 'no-simd',
      message: expect.stringContaining('has no WebAssembly SIMD'),
    });
  });
});

describe('the variant that runs', () => {
  it('is the one asked for, by what the WebAssembly says of itself', async () => {
    const results = new Map<string, Float32Array>();
    for (const variant of variants) {
      const model = await load(inMemory, { variant });
      expect(model.info.variant).toBe(variant);
      results.set(variant, await model.logits(picture));
      model.dispose();
    }
    const [relaxed, simd] = variants.map((variant) => results.get(variant) as Float32Array);
    // Fused multiply-add rounds once where a product and a sum round twice.
    expect(relaxed).not.toEqual(simd);
    for (const [i, logit] of relaxed.entries()) expect(logit).toBeCloseTo(simd[i], 5);
  });

  it('must be the one that a given WebAssembly is', async () => {
    const url = new URL('../../dist/vit.simd.wasm', import.meta.url);
    const model = await load(inMemory, { wasm: { variant: 'simd', url } });
    expect(model.info.variant).toBe('simd');
    model.dispose();
    await expect(load(inMemory, { wasm: { variant: 'relaxed', url } })).rejects.toMatchObject({
      code: 'wasm',
    });
  });
});
