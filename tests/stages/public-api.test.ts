// The same models through the public door: a folder on disk, a picture, the answers.
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { readTensors, tensorOf } from '../golden/fixtures.js';
import { folderOf, goldenModels } from '../golden/models.js';
import { makeImage } from '../golden/noise.js';

const cases = variants.flatMap((variant) =>
  goldenModels.map((model) => ({ variant, model, name: model.name })),
);

describe.each(cases)('$variant, model $name', ({ variant, model, name }) => {
  it('gives the pixel values, logits and predictions of transformers', async () => {
    const expected = await readTensors(`stages/${name}.safetensors`);
    const loaded = await load(fileURLToPath(folderOf(model)), { variant });
    try {
      expect(loaded.info.variant).toBe(variant);
      const picture = makeImage(model.picture);
      expectClose(await loaded.preprocess(picture), tensorOf(expected, 'pixel_values'), 1e-6, 'pixel values');
      expectClose(await loaded.logits(picture), tensorOf(expected, 'logits'), 1e-4, 'logits');

      const probabilities = tensorOf(expected, 'probabilities');
      const ranked = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
      const predictions = await loaded.classify(picture, { topK: ranked.length });
      expect(predictions.map(({ index }) => index)).toEqual(ranked);
      expect(predictions.map(({ label }) => label)).toEqual(ranked.map((index) => `class ${index}`));
      const answers = predictions.map(({ probability }) => probability);
      const sorted = ranked.map((index) => probabilities[index]);
      expectClose(answers, sorted, 1e-5, 'probabilities');
    } finally {
      loaded.dispose();
    }
  });
});
