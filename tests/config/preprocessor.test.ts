import { describe, expect, it } from '@jest/globals';

import { checkOutcome, outcomeOf, preprocessOf, scaledTo } from '../../web/checkpoint/config/preprocessor.js';

const image = { height: 224, width: 224 };
const half = [0.5, 0.5, 0.5];
const imageNetMean = [0.485, 0.456, 0.406];
const imageNetStd = [0.229, 0.224, 0.225];
const squash = { resize: 1, resizeHeight: 224, resizeWidth: 224 };
const noCrop = { cropHeight: 0, cropWidth: 0 };
const asHuggingFace = { cropRounding: 0, padding: [0, 0, 0], resizeRounding: 0 };
const crop = { cropHeight: 224, cropWidth: 224 };

describe('preprocessing', () => {
  it.each([
    'ViTImageProcessor',
    'ViTFeatureExtractor',
    'ViTImageProcessorFast',
    'ViTImageProcessorPil',
    undefined,
  ])("of %s has ViT's defaults", (name) => {
    expect(preprocessOf({ image_processor_type: name }, 'the file')).toEqual({
      ...squash,
      filter: 2,
      ...noCrop,
      ...asHuggingFace,
      rescaleFactor: 1 / 255,
      mean: half,
      std: half,
    });
  });

  it.each([
    { image_processor_type: 'DeiTImageProcessor' },
    { feature_extractor_type: 'DeiTFeatureExtractor' },
    { image_processor_type: 'DeiTImageProcessorFast', feature_extractor_type: 'Other' },
  ])("of %j has DeiT's defaults", (config) => {
    expect(preprocessOf(config, 'the file')).toEqual({
      resize: 1,
      resizeHeight: 256,
      resizeWidth: 256,
      filter: 3,
      ...crop,
      ...asHuggingFace,
      rescaleFactor: 1 / 255,
      mean: imageNetMean,
      std: imageNetStd,
    });
  });

  it('of the file facebook/deit-tiny-patch16-224 has is understood', () => {
    const config = {
      crop_size: 224,
      do_center_crop: true,
      do_normalize: true,
      do_resize: true,
      feature_extractor_type: 'DeiTFeatureExtractor',
      image_mean: imageNetMean,
      image_std: imageNetStd,
      resample: 3,
      size: 256,
    };
    expect(preprocessOf(config, 'the file')).toMatchObject({
      resize: 1,
      resizeHeight: 256,
      resizeWidth: 256,
      filter: 3,
      ...crop,
    });
  });

  it.each([
    ['a number is a square', { size: 224 }, squash],
    ['a list is height and width', { size: [224, 224] }, squash],
    ['height and width', { size: { height: 224, width: 224 } }, squash],
    [
      'the shortest edge, cropped',
      { size: { shortest_edge: 248 }, do_center_crop: true, crop_size: 224 },
      { resize: 2, resizeHeight: 248, resizeWidth: 248, ...crop },
    ],
    [
      'a crop of height and width',
      { size: 300, do_center_crop: true, crop_size: { height: 224, width: 224 } },
      { resize: 1, resizeHeight: 300, resizeWidth: 300, ...crop },
    ],
    ['no resize', { do_resize: false }, { resize: 0, ...noCrop }],
    ['no resize but a crop', { do_resize: false, do_center_crop: true }, { resize: 0, ...crop }],
    ['no rescaling', { do_rescale: false }, { rescaleFactor: 1, mean: half }],
    ['another factor', { rescale_factor: 1 / 127.5 }, { rescaleFactor: 1 / 127.5 }],
    ['no normalization', { do_normalize: false }, { mean: [0, 0, 0], std: [1, 1, 1] }],
    [
      'one mean for all channels',
      { image_mean: 0.4, image_std: 0.2 },
      { mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2] },
    ],
    ['another filter', { resample: 1 }, { filter: 1 }],
    [
      'nulls, which are absent',
      { size: null, resample: null, do_center_crop: null },
      { ...squash, filter: 2 },
    ],
  ])('knows %s', (_, config, expected) => {
    expect(preprocessOf(config, 'the file')).toMatchObject(expected);
  });

  it('keeps height and width apart', () => {
    const config = { size: { height: 32, width: 48 } };
    expect(preprocessOf(config, 'the file')).toMatchObject({
      resizeHeight: 32,
      resizeWidth: 48,
    });
  });

  it.each([
    ['another class', { image_processor_type: 'YolosImageProcessor' }, 'is for YolosImageProcessor'],
    ['the shortest edge without a crop', { size: { shortest_edge: 224 } }, 'without a center crop'],
    ['the longest edge', { size: { longest_edge: 224 } }, 'has size {"longest_edge":224}'],
    ['a size in words', { size: 'large' }, 'has size "large"'],
    ['nearest neighbor', { resample: 0 }, 'asks for resample 0'],
    ['an unknown filter', { resample: 9 }, 'asks for resample 9'],
    ['two means', { image_mean: [0.5, 0.5] }, 'has image_mean [0.5,0.5]'],
    ['division by 0', { image_std: [0.5, 0, 0.5] }, 'has a 0 in image_std'],
    ['a flag in words', { do_resize: 'yes' }, 'has do_resize "yes"'],
    ['a size of 0', { size: { height: 0, width: 224 } }, 'has height 0'],
  ])('refuses %s', (_, config, says) => {
    expect(() => preprocessOf(config, 'the file')).toThrow(
      expect.objectContaining({ code: 'preprocessor', message: expect.stringContaining(says) }),
    );
  });
});

describe('BitImageProcessor and CLIPImageProcessor', () => {
  it.each(['BitImageProcessor', 'BitImageProcessorFast', 'CLIPImageProcessor', 'CLIPFeatureExtractor'])(
    '%s resize by the shortest edge, also when it is a lone number',
    (image_processor_type) => {
      const expected = { resize: 2, resizeHeight: 256, resizeWidth: 256, filter: 3, ...crop };
      expect(preprocessOf({ image_processor_type, size: { shortest_edge: 256 } }, 'the file')).toMatchObject(
        expected,
      );
      expect(preprocessOf({ image_processor_type, size: 256 }, 'the file')).toMatchObject(expected);
    },
  );

  it('are what a family says whose files do not name one', () => {
    expect(preprocessOf({}, 'the file', 'BitImageProcessor')).toMatchObject({ resize: 2, ...crop });
    expect(preprocessOf({}, 'the file', 'SiglipImageProcessor')).toMatchObject({ resize: 1, filter: 3 });
  });
});

describe('the outcome', () => {
  it('is the crop, or what is resized to, or the picture as it is', () => {
    const outcome = (config: object) => outcomeOf(preprocessOf({ ...config }, 'the file'));
    expect(outcome({ size: { height: 32, width: 48 } })).toEqual({ height: 32, width: 48 });
    expect(outcome({ size: 40, do_center_crop: true, crop_size: 32 })).toEqual({ height: 32, width: 32 });
    expect(outcome({ do_resize: false })).toBeUndefined();
  });

  it('has to be what the model takes', () => {
    const check = (config: object) =>
      checkOutcome(preprocessOf({ ...config }, 'the file'), image, 'the file');
    const refusal = (says: string) =>
      expect.objectContaining({ code: 'preprocessor', message: expect.stringContaining(says) });
    check({ size: 224 });
    check({ do_resize: false });
    expect(() => check({ size: 384 })).toThrow(
      refusal('gives pictures of 384×384 pixels, but the model takes 224×224'),
    );
    expect(() => check({ do_center_crop: true, crop_size: 200 })).toThrow(
      refusal('gives pictures of 200×200'),
    );
  });

  it.each([
    ['squashed', { size: 224 }, { resize: 1, resizeHeight: 96, resizeWidth: 160, ...noCrop }],
    [
      'squashed, then cropped',
      { size: 256, do_center_crop: true, crop_size: 224 },
      { resize: 1, resizeHeight: 110, resizeWidth: 183, cropHeight: 96, cropWidth: 160 },
    ],
    [
      'resized by the shortest edge, then cropped',
      { size: { shortest_edge: 256 }, do_center_crop: true, crop_size: 224 },
      { resize: 2, resizeHeight: 183, resizeWidth: 183, cropHeight: 96, cropWidth: 160 },
    ],
    ['left as it is', { do_resize: false }, { resize: 0, ...noCrop }],
  ])('can be another size where a picture is %s', (_, config, expected) => {
    const scaled = scaledTo(preprocessOf(config, 'the file'), { height: 96, width: 160 });
    expect(scaled).toMatchObject(expected);
  });
});
