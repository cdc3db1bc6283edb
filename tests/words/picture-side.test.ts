// Embeddings of pictures that are comparable with those of texts, as transformers computes them.
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { readTensors, tensorOf } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';

const cases = variants.flatMap((variant) =>
  zeroShotModels.map((model) => ({ variant, model, name: model.name })),
);

describe.each(cases)('$name ($variant)', ({ variant, model, name }) => {
  it("gives transformers' image features", async () => {
    const expected = await readTensors(`zero-shot/${name}/expected.safetensors`);
    const loaded = await load(fileURLToPath(zeroShotFolder(model)), { variant });
    const picture = makeImage(model.picture);
    const embedding = await loaded.embed(picture);
    expectClose(embedding, tensorOf(expected, 'image_features'), 2e-5, `embedding of ${name}`);
    expect(loaded.info.embedding).toBe(embedding.length);
    expect(Math.hypot(...(await loaded.embed(picture, { normalize: true })))).toBeCloseTo(1, 6);
    expect(await loaded.embed(picture, { projection: false })).toHaveLength(loaded.info.hidden);
    expect(await loaded.embed(picture, { pool: 'mean' })).toHaveLength(loaded.info.hidden);
    loaded.dispose();
  });
});

it('refuses a pooling along with the projection that is made for another', async () => {
  const model = await load(zeroShotFolder(zeroShotModels[0]));
  const picture = makeImage(zeroShotModels[0].picture);
  await expect(model.embed(picture, { pool: 'cls', projection: true })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('omit `pool` or `projection`'),
  });
  model.dispose();
});
