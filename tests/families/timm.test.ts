// Checkpoints of timm and torchvision through the public door, against what the two compute.
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { fixtures, readJson, readTensors, tensorOf } from '../golden/fixtures.js';
import { makeImage, type ImageDescription } from '../golden/noise.js';

interface GoldenModel {
  name: string;
  picture: ImageDescription;
  /** Height and width to ask for, where they are not the model's own. */
  imageSize: [number, number] | null;
  /** The classes' names, where the config has them. */
  labels: string[] | null;
}

/** Largest absolute error. 1e-4 would do; what is left of it shows a mistake that rounding does not make. */
const tolerance = 2e-5;

const models = await readJson<GoldenModel[]>('timm.json');
const cases = variants.flatMap((variant) => models.map((model) => ({ variant, ...model })));

describe.each(cases)('$variant, model $name', ({ variant, name, picture, imageSize, labels }) => {
  it('gives the pixel values, tokens, embedding and logits of its library', async () => {
    const expected = await readTensors(`timm/${name}.safetensors`);
    const image = makeImage(picture);
    const loaded = await load(fileURLToPath(new URL(`timm/${name}/`, fixtures)), {
      variant,
      imageSize: imageSize ? { height: imageSize[0], width: imageSize[1] } : undefined,
    });
    try {
      expectClose(await loaded.preprocess(image), tensorOf(expected, 'pixel_values'), 1e-6, 'pixel values');
      const { data } = await loaded.tokens(image);
      expectClose(data, tensorOf(expected, 'tokens'), tolerance, 'tokens');
      expectClose(await loaded.embed(image), tensorOf(expected, 'embedding'), tolerance, 'embedding');
      if (labels) expect(loaded.info.labels).toEqual(labels);
      if (loaded.info.classes === 0) return;
      expectClose(await loaded.logits(image), tensorOf(expected, 'logits'), tolerance, 'logits');
    } finally {
      loaded.dispose();
    }
  });

  it('says why it cannot classify, if it has no head', async () => {
    const expected = await readTensors(`timm/${name}.safetensors`);
    const loaded = await load(fileURLToPath(new URL(`timm/${name}/`, fixtures)), { variant });
    const classified = loaded.classify(makeImage(picture)).finally(() => loaded.dispose());
    if (expected.has('logits')) await expect(classified).resolves.toHaveLength(loaded.info.classes);
    else await expect(classified).rejects.toThrow('head');
  });
});
