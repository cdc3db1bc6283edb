// DeiT-Tiny as Google's code would have saved it, and in several files, gives the logits of its safetensors.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load, type ModelLocation } from 'vit-wasm';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { expectClose } from '../expect-close.js';
import { deitTiny, shared, sharedIsThere } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';
import { makeZip, npyOf } from './archives.js';

if (sharedIsThere) describe('DeiT-Tiny', testDeitTiny);
else
  it(`NOT TESTED: DeiT-Tiny, because ${fileURLToPath(shared)} is absent`, () =>
    expect(sharedIsThere).toBe(false));

/** Hugging Face's names, with the axes' order of Flax, as NumPy's transpose has it, and what they are split into. */
const layouts: readonly (readonly [
  pattern: RegExp,
  name: string,
  axes?: readonly number[],
  split?: 'in' | 'out',
])[] = [
  [/^embeddings\.cls_token$/, 'cls'],
  [/^embeddings\.position_embeddings$/, 'Transformer/posembed_input/pos_embedding'],
  [/^embeddings\.patch_embeddings\.projection\.weight$/, 'embedding/kernel', [2, 3, 1, 0]],
  [/^embeddings\.patch_embeddings\.projection\.bias$/, 'embedding/bias'],
  [/^layernorm\.weight$/, 'Transformer/encoder_norm/scale'],
  [/^layernorm\.bias$/, 'Transformer/encoder_norm/bias'],
  [/^classifier\.weight$/, 'head/kernel', [1, 0]],
  [/^classifier\.bias$/, 'head/bias'],
  [/^encoder\.layer\.(\d+)\.layernorm_before\.weight$/, 'LayerNorm_0/scale'],
  [/^encoder\.layer\.(\d+)\.layernorm_before\.bias$/, 'LayerNorm_0/bias'],
  [/^encoder\.layer\.(\d+)\.layernorm_after\.weight$/, 'LayerNorm_2/scale'],
  [/^encoder\.layer\.(\d+)\.layernorm_after\.bias$/, 'LayerNorm_2/bias'],
  [
    /^encoder\.layer\.(\d+)\.attention\.attention\.(\w+)\.weight$/,
    'MultiHeadDotProductAttention_1/$2/kernel',
    [2, 0, 1],
    'out',
  ],
  [
    /^encoder\.layer\.(\d+)\.attention\.attention\.(\w+)\.bias$/,
    'MultiHeadDotProductAttention_1/$2/bias',
    [0, 1],
    'out',
  ],
  [
    /^encoder\.layer\.(\d+)\.attention\.output\.dense\.weight$/,
    'MultiHeadDotProductAttention_1/out/kernel',
    [1, 2, 0],
    'in',
  ],
  [/^encoder\.layer\.(\d+)\.attention\.output\.dense\.bias$/, 'MultiHeadDotProductAttention_1/out/bias'],
  [/^encoder\.layer\.(\d+)\.intermediate\.dense\.weight$/, 'MlpBlock_3/Dense_0/kernel', [1, 0]],
  [/^encoder\.layer\.(\d+)\.intermediate\.dense\.bias$/, 'MlpBlock_3/Dense_0/bias'],
  [/^encoder\.layer\.(\d+)\.output\.dense\.weight$/, 'MlpBlock_3/Dense_1/kernel', [1, 0]],
  [/^encoder\.layer\.(\d+)\.output\.dense\.bias$/, 'MlpBlock_3/Dense_1/bias'],
];

const heads = 3;

function flaxArray(name: string, shape: readonly number[], values: Float32Array) {
  const bare = name.replace(/^vit\./, '');
  const row = layouts.find(([pattern]) => pattern.test(bare));
  if (!row) throw new Error(`${name} has no place in an .npz.`);
  const [pattern, place, axes, split] = row;
  const [, block, part = ''] = pattern.exec(bare) ?? [];
  const path = `${block === undefined ? '' : `Transformer/encoderblock_${block}/`}${place.replace('$2', part)}`;
  const [first, ...rest] = shape;
  const bySplit = { out: [heads, first / heads, ...rest], in: [first, heads, rest[0] / heads] };
  const whole = split ? bySplit[split] : [...shape];
  return { name: `${path}.npy`, ...transposed(values, whole, axes ?? [...whole.keys()]) };
}

/** As NumPy's transpose, one value after another: this is for a test. */
function transposed(values: Float32Array, shape: readonly number[], axes: readonly number[]) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const to = axes.map((axis) => shape[axis]);
  const out = new Float32Array(values.length);
  const place = new Array<number>(to.length).fill(0);
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (let axis = 0; axis < place.length; axis++) from += place[axis] * strides[axes[axis]];
    out[i] = values[from];
    for (let axis = place.length - 1; axis >= 0 && ++place[axis] === to[axis]; axis--) place[axis] = 0;
  }
  return { shape: to, values: out };
}

function testDeitTiny(): void {
  const picture = makeImage({ kind: 'noise', seed: 11, width: 250, height: 240 });

  async function logitsOf(model: ModelLocation): Promise<Float32Array> {
    const loaded = await load(model);
    const logits = await loaded.logits(picture);
    loaded.dispose();
    return logits;
  }

  it('as .npz, stored and deflated, at equal epsilon', async () => {
    const file = new Uint8Array(await readFile(new URL('model.safetensors', deitTiny)));
    const data = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    const arrays = parseHeader(file.subarray(8, data), 'model.safetensors').map(
      ({ name, shape, begin, end }) =>
        flaxArray(name, shape, new Float32Array(file.buffer.slice(data + begin, data + end))),
    );
    const preprocessor = JSON.parse(
      await readFile(new URL('preprocessor_config.json', deitTiny), 'utf8'),
    ) as object;
    const expected = await logitsOf(fileURLToPath(deitTiny));
    for (const deflated of [false, true]) {
      const files = arrays.map(({ name, shape, values }) => ({
        name,
        data: npyOf(shape, new Uint8Array(values.buffer)),
        deflated,
      }));
      const config = { layer_norm_eps: 1e-12 };
      const logits = await logitsOf({ weights: makeZip(files), config, preprocessor });
      expectClose(logits, expected, 1e-5, 'logits of the .npz');
    }
  });
}
