import { describe, expect, it } from '@jest/globals';

import { JsonFields, type JsonObject } from '../../web/checkpoint/files/json.js';
import { timmPreprocess } from '../../web/checkpoint/config/pretrained-cfg.js';
import { rawPixels } from '../../web/pictures/pixels.js';
import { createEngine } from '../engine.js';
import { networkFor } from '../preprocess/sizes.js';

const image = { height: 224, width: 224 };
const preprocessOf = (config: JsonObject, size = image) =>
  timmPreprocess(new JsonFields(config, 'the file', 'config'), size);

describe('a pretrained_cfg', () => {
  it.each([
    ['without crop_mode crops the center', {}, { resize: 2, resizeHeight: 256, cropHeight: 224 }],
    ['divides by crop_pct and rounds down', { crop_pct: 0.9 }, { resizeHeight: 248, resizeWidth: 248 }],
    ['squashes', { crop_mode: 'squash', crop_pct: 1 }, { resize: 1, resizeHeight: 224 }],
    ['pads with the mean color', { crop_mode: 'border' }, { resize: 4, padding: [124, 116, 104] }],
    ['rounds halves to even', { crop_mode: 'border', mean: [0.5, 0.5, 0.5] }, { padding: [128, 128, 128] }],
    ['is bicubic unless it says otherwise', {}, { filter: 3 }],
    ['names its filter', { interpolation: 'lanczos' }, { filter: 1 }],
  ])('%s', (_, config, expected) => {
    expect(preprocessOf(config)).toMatchObject(expected);
  });

  it('covers an image that is not square', () => {
    expect(preprocessOf({ crop_pct: 1 }, { height: 224, width: 320 })).toMatchObject({
      resize: 3,
      resizeHeight: 224,
      resizeWidth: 320,
      cropWidth: 320,
    });
  });

  it.each([
    ['nearest neighbor', { interpolation: 'nearest' }, 'asks for the interpolation "nearest"'],
    ['division by 0', { std: [0.5, 0, 0.5] }, 'has a 0 in std'],
    ['a crop_pct in words', { crop_pct: 'all' }, 'has crop_pct "all"'],
    ['two means', { mean: [0.5, 0.5] }, 'has mean [0.5,0.5]'],
  ])('is refused for %s', (_, config, says) => {
    expect(() => preprocessOf(config)).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining(says) }),
    );
  });

  it('cannot shrink a line to nothing', async () => {
    const engine = await createEngine('simd');
    engine.begin(networkFor(224, 224), preprocessOf({ crop_mode: 'border' }));
    engine.allocate();
    const line = { data: new Uint8ClampedArray(4 * 1000), width: 1000, height: 1 };
    expect(() => engine.preprocess(rawPixels(line))).toThrow(
      'is too long and thin to be resized: it is 1000×1',
    );
    engine.dispose();
  });
});
