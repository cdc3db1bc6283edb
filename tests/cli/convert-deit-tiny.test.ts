// What `convert` makes of DeiT-Tiny: how large it is, and what is left of the answers.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { load } from 'vit-wasm';

import { halfBits } from '../../cli/half.js';
import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { hashOf, startBindings } from '../engine.js';
import { deitTiny, shared, sharedIsThere } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';

if (sharedIsThere) describe('DeiT-Tiny in int8', testInt8);
else
  it(`NOT TESTED: DeiT-Tiny in int8, because ${fileURLToPath(shared)} is absent`, () =>
    expect(sharedIsThere).toBe(false));

function testInt8(): void {
  const source = fileURLToPath(deitTiny);
  let output: string;

  beforeAll(async () => {
    output = join(await mkdtemp(join(tmpdir(), 'vit-wasm-')), 'int8');
    const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
    const args = [...process.execArgv, '--no-warnings', program];
    await promisify(execFile)(process.execPath, [
      ...args,
      'convert',
      source,
      '--dtype',
      'int8',
      '-o',
      output,
    ]);
  });
  afterAll(async () => await rm(join(output, '..'), { recursive: true }));

  it('has weights of 6.2 MB, and all labels in 30 KB more', async () => {
    expect((await stat(join(output, 'model.safetensors'))).size).toBeLessThanOrEqual(6.2e6);
    const [before, after] = await Promise.all(
      [source, output].map(async (folder) => await readFile(join(folder, 'config.json'), 'utf8')),
    );
    expect(after.length).toBeLessThanOrEqual(30_000);
    expect(JSON.parse(after)).toEqual({ ...(JSON.parse(before) as object), label2id: undefined });
  });

  it('has the codes that quantizing while loading computes, and its scales in half precision', async () => {
    const bindings = await startBindings('simd');
    const [before, after] = await Promise.all([source, output].map(readTensors));
    const quantized = [...after].filter(([, { dtype }]) => dtype === 'I8');
    expect(quantized).toHaveLength(12 * 6);
    for (const [name, { shape, data }] of quantized) {
      const matrix = new Float32Array(before.get(name)?.data.slice().buffer ?? new ArrayBuffer());
      const { values, scales } = bindings.quantizeMatrix(matrix, shape[1]);
      expect(hashOf(data)).toBe(hashOf(values));
      const halves = Uint16Array.from(scales, halfBits);
      expect(after.get(`${name}_spread_scale`)?.data).toEqual(new Uint8Array(halves.buffer));
    }
  });

  it('is as near to fp32 as what is quantized while loading', async () => {
    const [exact, quantized, converted] = await Promise.all([
      load(source, { dtype: 'fp32' }),
      load(source, { dtype: 'int8' }),
      load(output),
    ]);
    expect(converted.info.dtype).toBe('int8');
    const errors = { quantized: 0, converted: 0 };
    for (const kind of ['noise', 'gradient'] as const) {
      const picture = makeImage({ kind, seed: 7, width: 250, height: 240 });
      const wanted = await exact.logits(picture);
      for (const [name, model] of Object.entries({ quantized, converted })) {
        const logits = await model.logits(picture);
        errors[name as keyof typeof errors] += squareOf(logits.map((value, i) => value - wanted[i]));
        expect(logits.indexOf(Math.max(...logits))).toBe(wanted.indexOf(Math.max(...wanted)));
      }
    }
    // The one is no worse than the other but by chance. From each other they are as far as from fp32 (about 5 % of the
    // logits): whatever is rounded by a half tips activations over to the next of their 128 steps, block after block,
    // until their errors have little in common. With all but the scales in full precision it is no less.
    expect(errors.converted).toBeLessThan(1.5 * errors.quantized);
    for (const model of [exact, quantized, converted]) model.dispose();
  });
}

const squareOf = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0);

async function readTensors(folder: string) {
  const file = new Uint8Array(await readFile(join(folder, 'model.safetensors')));
  const start = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  return new Map(
    parseHeader(file.subarray(8, start), folder).map(({ name, dtype, shape, begin, end }) => [
      name,
      { dtype, shape, data: file.subarray(start + begin, start + end) },
    ]),
  );
}
