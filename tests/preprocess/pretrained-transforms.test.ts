// Every spelling of timm's pretrained_cfg against the transform that timm makes of it.
import { describe, expect, it } from '@jest/globals';

import { JsonFields, type JsonObject } from '../../web/checkpoint/files/json.js';
import { timmPreprocess } from '../../web/checkpoint/config/pretrained-cfg.js';
import type { NativePreprocess } from '../../web/engine/bindings.js';
import { rawPixels } from '../../web/pictures/pixels.js';
import type { Variant } from '../../web/types.js';
import { createEngine, hashOf, variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { readJson, readTensors, tensorOf } from '../golden/fixtures.js';
import { makeImage, type ImageDescription } from '../golden/noise.js';
import { networkFor } from './sizes.js';

interface TimmCase {
  /** Empty: only the resized bytes are known. */
  name: string;
  picture: ImageDescription;
  /** The pretrained_cfg. */
  config: JsonObject & { input_size: [channels: number, height: number, width: number] };
  /** Of the bytes after resize and crop. */
  sha256: string;
}

const rows = await readJson<TimmCase[]>('timm-preprocess.json.gz');
const expected = await readTensors('timm-preprocess.safetensors');
const cases = rows.map((row) => ({ ...row, title: row.name || JSON.stringify(row.config) }));

async function pixelValues(
  variant: Variant,
  { config, picture }: TimmCase,
  neutral?: Partial<NativePreprocess>,
) {
  const [, height, width] = config.input_size;
  const fields = new JsonFields(config, 'the config', 'config');
  const engine = await createEngine(variant);
  engine.begin(networkFor(height, width), { ...timmPreprocess(fields, { height, width }), ...neutral });
  engine.allocate();
  engine.preprocess(rawPixels(makeImage(picture)));
  const values = engine.pixelValues();
  engine.dispose();
  return values;
}

describe.each(cases)('$title of $picture.width×$picture.height', (row) => {
  it.each(variants)('%s gives the bytes of Pillow', async (variant) => {
    const values = await pixelValues(variant, row, { rescaleFactor: 1, mean: [0, 0, 0], std: [1, 1, 1] });
    expect(hashOf(Uint8Array.from(values))).toBe(row.sha256);
  });
});

describe.each(cases.filter(({ name }) => name))('$name', (row) => {
  it.each(variants)('%s gives the pixel values of timm', async (variant) => {
    const values = await pixelValues(variant, row);
    expectClose(values, tensorOf(expected, row.name), 1e-6, `${row.name} (${variant})`);
  });
});
