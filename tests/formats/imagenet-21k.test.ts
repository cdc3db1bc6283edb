// A head of ImageNet-21k's 21,843 classes, in both formats that checkpoints with such a head come in.
import { describe, expect, it } from '@jest/globals';
import { load, type ModelLocation } from 'vit-wasm';

import { expectClose } from '../expect-close.js';
import { makeTensor, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';
import { makeZip, npyOf } from './archives.js';
import { tinyArrays } from './tiny-npz.js';

const classes = 21_843;
const width = 8;
const synset = (index: number) => `n${String(index).padStart(8, '0')}`;
const synsets = Array.from({ length: classes }, (_, index) => synset(index));
const generic = synsets.map((_, index) => `class ${index}`);

/** The head's weights, [classes, width], and bias, of which models may have the first classes or the last. */
const floats = (name: string, shape: number[], seed: number) =>
  new Float32Array(makeTensor(name, shape, seed).data.buffer);
const weight = floats('weight', [classes, width], 3);
const bias = floats('bias', [classes], 5);
const bytesOf = (values: Float32Array) => new Uint8Array(values.slice().buffer);

/** As Google's files are, with a layer before the head; its head's matrix is [width, classes]. */
function npz(first: number): ModelLocation {
  const count = classes - first;
  const kernel = new Float32Array(width * count);
  for (let i = 0; i < kernel.length; i++) {
    kernel[i] = weight[(first + (i % count)) * width + Math.floor(i / count)];
  }
  const array = (name: string, shape: number[], values: Float32Array) => ({
    name: `${name}.npy`,
    data: npyOf(shape, bytesOf(values)),
  });
  return makeZip([
    ...tinyArrays().filter(({ name }) => !name.startsWith('head/')),
    array('pre_logits/kernel', [width, width], floats('kernel', [width, width], 7)),
    array('pre_logits/bias', [width], floats('bias', [width], 9)),
    array('head/kernel', [width, count], kernel),
    array('head/bias', [count], bias.subarray(first)),
  ]);
}

function huggingFace(first: number): ModelLocation {
  const count = classes - first;
  const head = [
    { name: 'classifier.weight', shape: [count, width], values: weight.subarray(first * width) },
    { name: 'classifier.bias', shape: [count], values: bias.subarray(first) },
  ].map(({ values, ...tensor }) => ({ ...tensor, dtype: 'F32', data: bytesOf(values) }));
  const trunk = tinyTensors().filter(({ name }) => !name.startsWith('classifier.'));
  const id2label = Object.fromEntries(synsets.slice(first).map((label, index) => [index, label]));
  return { weights: safetensors([...trunk, ...head]), config: { ...tinyConfig, id2label } };
}

describe.each([
  { name: 'an .npz with pre_logits', make: npz, labels: generic, given: synsets },
  { name: 'a safetensors file', make: huggingFace, labels: synsets, given: generic },
])('$name', ({ make, labels, given }) => {
  it('has a label for every class, and classifies', async () => {
    const model = await load(make(0));
    expect(model.info.classes).toBe(classes);
    expect(model.info.labels).toEqual(labels);
    const logits = await model.logits(picture);
    expect(logits).toHaveLength(classes);
    const all = await model.classify(picture, { topK: classes });
    expect(all).toHaveLength(classes);
    expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 4);
    const best = logits.indexOf(Math.max(...logits));
    expect(all[0]).toMatchObject({ index: best, label: labels[best] });
    expect(await model.classify(picture, { topK: 5 })).toEqual(all.slice(0, 5));
    model.dispose();
  });

  it('has the logits that its last 100 classes have alone', async () => {
    const [whole, few] = [await load(make(0)), await load(make(classes - 100))];
    const logits = await whole.logits(picture);
    expectClose(logits.slice(-100), await few.logits(picture), 1e-6, 'the last 100 logits');
    whole.dispose();
    few.dispose();
  });

  it('takes the labels given', async () => {
    const model = await load(make(0), { labels: given });
    expect(model.info.labels).toEqual(given);
    const [{ index, label }] = await model.classify(picture, { topK: 1 });
    expect(label).toBe(given[index]);
    model.dispose();
  });
});
