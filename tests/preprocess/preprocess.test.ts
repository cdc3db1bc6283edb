// Every spelling of preprocessor_config.json against the Hugging Face processor it names.
import { describe, it } from '@jest/globals';

import { preprocessOf } from '../../web/checkpoint/config/preprocessor.js';
import { rawPixels } from '../../web/pictures/pixels.js';
import { createEngine, variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { readJson, readTensors, tensorOf } from '../golden/fixtures.js';
import { makeImage, type ImageDescription } from '../golden/noise.js';
import { networkFor } from './sizes.js';

interface PreprocessCase {
  name: string;
  picture: ImageDescription;
  /** The content of preprocessor_config.json. */
  config: Record<string, unknown>;
  /** Of the pixel values. */
  height: number;
  width: number;
}

const cases = await readJson<PreprocessCase[]>('preprocess.json');
const expected = await readTensors('preprocess.safetensors');

/** Absolute below 1; relative above, where values that are not rescaled go into the thousands. */
const tolerance = (value: number) => 1e-6 * Math.max(1, Math.abs(value));

/** DINOv3's resize sums floats with weights that are floats themselves. */
const toleranceOfFloats = () => 3e-6;

describe.each(cases)('$name', ({ name, picture, config, height, width }) => {
  it.each(variants)('%s gives the pixel values of the processor', async (variant) => {
    const engine = await createEngine(variant);
    engine.begin(networkFor(height, width), preprocessOf(config, name));
    engine.allocate();
    engine.preprocess(rawPixels(makeImage(picture)));
    const bound = name.startsWith('DINOv3') ? toleranceOfFloats : tolerance;
    expectClose(engine.pixelValues(), tensorOf(expected, name), bound, `${name} (${variant})`);
    engine.dispose();
  });
});
