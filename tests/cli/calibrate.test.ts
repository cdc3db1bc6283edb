// `convert --calibrate` as it is run: what it writes answers more like fp32, and what it refuses.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load, type RawImage } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';
import { encode } from './pictures.js';
import { at, inFolder, model, run } from './program.js';

inFolder();

/** Smooth pictures, each of other colors. */
function pictureOf(seed: number): RawImage {
  const image = makeImage({ kind: 'noise', seed, width: 5, height: 4 });
  const [width, height] = [96, 80];
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const corner = (row: number, column: number) => image.data[4 * (row * 5 + column) + c];
        const [row, column] = [Math.floor((3 * y) / height), Math.floor((4 * x) / width)];
        const [down, right] = [(3 * y) / height - row, (4 * x) / width - column];
        const upper = corner(row, column) * (1 - right) + corner(row, column + 1) * right;
        const lower = corner(row + 1, column) * (1 - right) + corner(row + 1, column + 1) * right;
        data[4 * (y * width + x) + c] = upper * (1 - down) + lower * down;
      }
    }
  }
  return { data, width, height };
}

const fixture = (name: string) => fileURLToPath(new URL(name, fixtures));

beforeAll(async () => {
  await mkdir(at('pictures/more'), { recursive: true });
  for (let i = 0; i < 24; i++) {
    const name = i % 2 ? `${i}.png` : `more/${i}.png`;
    await writeFile(join(at('pictures'), name), await encode('png', pictureOf(100 + i)));
  }
  await mkdir(at('no-pictures'));
  await writeFile(at('no-pictures/notes.txt'), 'This is no picture.');
});

const calibrate = (source: string, output: string, ...more: string[]) =>
  run('convert', source, '--dtype', 'int8', '--calibrate', at('pictures'), '-o', at(output), ...more);

/** The squared error of an int8 folder's answers, in terms of fp32's, on pictures that it was not calibrated on. */
async function errorOf(folder: string, source: string): Promise<number> {
  const [exact, rounded] = await Promise.all([load(source, { dtype: 'fp32' }), load(folder)]);
  expect(rounded.info.dtype).toBe('int8');
  let error = 0;
  for (let seed = 0; seed < 40; seed++) {
    const picture = pictureOf(1000 + seed);
    const answer = async (loaded: typeof exact) =>
      loaded.info.classes > 0 ? await loaded.logits(picture) : await loaded.embed(picture);
    const [wanted, found] = [await answer(exact), await answer(rounded)];
    const square = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0);
    error += square(found.map((value, i) => value - wanted[i])) / square(wanted);
  }
  exact.dispose();
  rounded.dispose();
  return error;
}

// Names of several kinds: queries, keys and values apart and in one tensor, of transformers, timm and Google.
describe.each([
  'models/three-blocks',
  'families/deit-distilled',
  'families/dinov2',
  'families/clip-vision',
  'timm/class-token',
  'npz/augreg.npz',
])('%s', (name) => {
  it('calibrated is nearer to fp32 on other pictures than rounded to the nearest', async () => {
    const source = fixture(name);
    const [plain, better] = ['plain', 'better'].map((kind) => `${kind}-${name.replaceAll(/\W/g, '-')}`);
    expect((await run('convert', source, '--dtype', 'int8', '-o', at(plain))).status).toBe(0);
    expect(await calibrate(source, better)).toEqual({ status: 0, out: `Wrote ${at(better)}.\n`, errors: '' });
    const [before, after] = [await errorOf(at(plain), source), await errorOf(at(better), source)];
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(before);
    const sizeOf = async (folder: string) => (await readFile(join(at(folder), 'model.safetensors'))).length;
    expect(await sizeOf(better)).toBe(await sizeOf(plain));
  });
});

describe('what cannot be calibrated is refused', () => {
  it.each([
    [
      'a folder without pictures',
      ['no-pictures'],
      'has no PNG, JPEG or WebP files to calibrate the model on.',
    ],
    ['a folder that is not there', ['nothing-there'], 'is no folder of pictures (ENOENT'],
    ['a picture', ['picture.png'], 'is no folder of pictures (ENOTDIR'],
  ])('%s', async (_, [folder], sentence) => {
    const args = ['convert', model, '--dtype', 'int8', '--calibrate', at(folder), '-o', at('nothing')];
    const { status, out, errors } = await run(...args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(errors.trim().split('\n')).toHaveLength(1);
    expect(errors).toContain(sentence);
  });

  it('a damaged picture', async () => {
    await mkdir(at('damaged'));
    await writeFile(at('damaged/broken.png'), await readFile(at('broken.png')));
    const args = ['convert', model, '--dtype', 'int8', '--calibrate', at('damaged'), '-o', at('nothing')];
    const { status, errors } = await run(...args);
    expect(status).toBe(1);
    expect(errors).toBe(`${at('damaged/broken.png')} is damaged: it could not be decoded.\n`);
  });

  it('a model in int8', async () => {
    const { status, errors } = await calibrate('builtin', 'nothing');
    expect(status).toBe(1);
    expect(errors).toMatch(
      /model\.safetensors cannot be calibrated: its weights are int8 already; give the original\.\n$/,
    );
  });

  it.each([
    ['families/swin', 'it is a Swin Transformer'],
    ['families/beit', 'it has relative positions'],
    ['timm/eva02-small', 'it has rotary positions'],
    ['timm/parallel', 'its blocks are not in the usual order'],
    ['families/dinov2-swiglu', 'its MLP is gated'],
    ['timm/qk-norm', 'it has norms within its blocks'],
    ['timm/no-biases', 'it has layers without biases'],
  ])('%s', async (name, peculiarity) => {
    const { status, errors } = await calibrate(fixture(name), 'nothing');
    expect(status).toBe(1);
    expect(errors).toBe(
      `${join(fixture(name), 'model.safetensors')} cannot be calibrated: ${peculiarity}, and only plain Vision ` +
        'Transformers (ViT, DeiT, DINOv2, CLIP, SigLIP) can be; leave out --calibrate.\n',
    );
  });

  it('another dtype', async () => {
    const { status, errors } = await run(
      'convert',
      model,
      '--calibrate',
      at('pictures'),
      '-o',
      at('nothing'),
    );
    expect(status).toBe(2);
    expect(errors).toContain('--calibrate needs --dtype int8.');
  });
});
