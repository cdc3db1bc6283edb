// Photographs through an image encoder of CLIP ViT-B/32's size, whose weights follow from integers.
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { clipBaseConfig, clipBaseWeights } from '../golden/clip-base.js';
import { readTensors } from '../golden/fixtures.js';
import { decodeJpeg } from '../golden/jpeg.js';

const samples = new URL('../../examples/demo/samples/', import.meta.url);
const weights = clipBaseWeights();
const expected = await readTensors('clip-base.safetensors');

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe.each([
  { dtype: 'fp32', least: 0.999999 },
  { dtype: 'int8', least: 0.995 },
] as const)('in $dtype', ({ dtype, least }) => {
  it(`the embeddings of photographs have cosines of at least ${least} with transformers'`, async () => {
    const model = await load({ weights, config: clipBaseConfig }, { dtype });
    for (const [name, reference] of expected) {
      const picture = await decodeJpeg(fileURLToPath(new URL(`${name}.jpg`, samples)));
      const embedding = await model.embed(picture);
      expect(cosine(embedding, reference)).toBeGreaterThanOrEqual(least);
      const others = [...expected].filter(([other]) => other !== name);
      // So that the bound says something: the weights tell photographs apart.
      for (const [, other] of others) expect(cosine(embedding, other)).toBeLessThan(0.98);
    }
    model.dispose();
  }, 60_000);
});
