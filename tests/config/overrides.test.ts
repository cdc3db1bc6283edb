// Options of load that change what the checkpoint says, through the built package.
import { describe, expect, it } from '@jest/globals';
import { load, type LoadOptions, type PreprocessOptions } from 'vit-wasm';

import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const inMemory = { weights: safetensors(tinyTensors()), config: tinyConfig };

async function pixelValues(preprocess?: PreprocessOptions, preprocessor?: object): Promise<Float32Array> {
  const model = await load({ ...inMemory, preprocessor }, { preprocess });
  const values = await model.preprocess(picture);
  model.dispose();
  return values;
}

describe('preprocess gives what a preprocessor_config.json would that says', () => {
  it.each<[PreprocessOptions, object]>([
    [{ fit: 'crop' }, { size: { shortest_edge: 8 }, do_center_crop: true, crop_size: 8 }],
    [{ fit: 'squash' }, { size: 8 }],
    [{ resample: 'bicubic' }, { size: 8, resample: 3 }],
    [{ resample: 'lanczos' }, { size: 8, resample: 1 }],
    [{ rescaleFactor: 0.5 }, { size: 8, rescale_factor: 0.5 }],
    [
      { mean: [0.1, 0.2, 0.3], std: [1, 2, 4] },
      { size: 8, image_mean: [0.1, 0.2, 0.3], image_std: [1, 2, 4] },
    ],
  ])('%j', async (preprocess, preprocessor) => {
    const values = await pixelValues(preprocess);
    expect(values).toEqual(await pixelValues(undefined, preprocessor));
    if (preprocess.fit !== 'squash') expect(values).not.toEqual(await pixelValues());
  });

  it('nothing of what is left out', async () => {
    const preprocessor = { size: { shortest_edge: 8 }, do_center_crop: true, crop_size: 8, resample: 3 };
    const expected = await pixelValues(undefined, { ...preprocessor, image_mean: [0, 0, 0] });
    expect(await pixelValues({ mean: [0, 0, 0] }, preprocessor)).toEqual(expected);
    expect(await pixelValues({}, preprocessor)).toEqual(await pixelValues(undefined, preprocessor));
  });
});

describe('labels', () => {
  const labelsWith = async (labels: LoadOptions['labels']) => {
    const model = await load(inMemory, { labels });
    model.dispose();
    return model.info.labels;
  };

  it('are all replaced, or some by name or index', async () => {
    expect(await labelsWith(['x', 'y', 'z'])).toEqual(['x', 'y', 'z']);
    expect(await labelsWith({ apple: 'Apfel', 2: 'Pflaume' })).toEqual(['Apfel', 'pear', 'Pflaume']);
    expect(await labelsWith({})).toEqual(['apple', 'pear', 'plum']);
  });

  it('are what predictions have and what allow takes', async () => {
    const model = await load(inMemory, { labels: { pear: 'Birne' } });
    const [prediction] = await model.classify(picture, { allow: ['Birne'] });
    expect(prediction).toMatchObject({ label: 'Birne', index: 1 });
    model.dispose();
  });
});

describe('is refused:', () => {
  it.each<[object, string]>([
    [{ preprocess: { fit: 'stretch' } }, 'preprocess.fit is "stretch", but it should be "squash" or "crop"'],
    [{ preprocess: { resample: 3 } }, 'preprocess.resample is 3'],
    [{ preprocess: { resample: 'nearest' } }, 'lanczos, bilinear, bicubic, box, hamming'],
    [{ preprocess: { std: [1, 0, 1] } }, 'none of them 0'],
    [{ preprocess: { mean: [1, 2] } }, 'three numbers'],
    [{ preprocess: { rescaleFactor: 0 } }, 'a positive number'],
    [
      { preprocess: { image_mean: [1, 2, 3] } },
      'preprocess.image_mean is [1,2,3], but it should be left out',
    ],
    [{ preprocess: 'crop' }, 'preprocess is "crop"'],
    [{ labels: { cherry: 'Kirsche' } }, 'labels renames "cherry"'],
    [{ labels: { apple: 7 } }, 'labels is {"apple":7}'],
  ])('%j', async (options, says) => {
    const error = await failureOf(load(inMemory, options));
    expect(error).toMatchObject({ name: 'VitError', code: 'invalid-argument' });
    expect((error as Error).message).toContain(says);
  });
});
