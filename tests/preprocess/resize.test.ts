// The resize against Pillow: not one byte may differ. The bytes are read as pixel values, neither rescaled nor
// normalized.
import { beforeAll, describe, expect, it } from '@jest/globals';

import { Engine } from '../../web/engine/engine.js';
import type { NativePreprocess } from '../../web/engine/bindings.js';
import { rawPixels } from '../../web/pictures/pixels.js';
import { hashOf, startBindings, variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { readJson } from '../golden/fixtures.js';
import { makeImage, type ImageDescription, type TestImage } from '../golden/noise.js';
import { networkFor } from './sizes.js';

interface ResizeCase extends Pick<
  NativePreprocess,
  'resize' | 'resizeWidth' | 'resizeHeight' | 'filter' | 'cropWidth' | 'cropHeight'
> {
  picture: ImageDescription & { sha256: string };
  /** Of the result. */
  width: number;
  height: number;
  sha256: string;
  /** The beginning of the result, channel by channel, in base64: to see what differs where the hash does. */
  bytes: string;
}

const filters = ['', 'Lanczos', 'bilinear', 'bicubic', 'box', 'Hamming'];
const cases = (await readJson<ResizeCase[]>('resize.json.gz')).map((row) => ({
  title: titleOf(row),
  ...row,
}));

describe.each(cases)('$title', (row) => {
  let picture: TestImage;

  beforeAll(() => {
    picture = makeImage(row.picture);
  });

  it('starts from the same picture in Python and here', () => {
    expect(hashOf(picture.data)).toBe(row.picture.sha256);
  });

  it.each(variants)('%s gives the bytes of Pillow', async (variant) => {
    const engine = new Engine(await startBindings(variant));
    const preprocess: NativePreprocess = {
      ...row,
      cropRounding: 0,
      resizeRounding: 0,
      padding: [0, 0, 0],
      rescaleFactor: 1,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    };
    engine.begin(networkFor(row.height, row.width), preprocess);
    engine.allocate();
    engine.preprocess(rawPixels(picture));
    const values = engine.pixelValues();
    engine.dispose();
    const expected = Buffer.from(row.bytes, 'base64');
    expectClose(values.subarray(0, expected.length), expected, 0, row.title);
    expect(hashOf(Uint8Array.from(values))).toBe(row.sha256);
  });
});

function titleOf({ picture, resize, resizeWidth, resizeHeight, filter, cropWidth, cropHeight }: ResizeCase) {
  const resized = [
    'not resized',
    `${filters[filter]} to ${resizeWidth}×${resizeHeight}`,
    `${filters[filter]} to shortest edge ${resizeHeight}`,
  ];
  const crop = cropWidth > 0 ? `, crop ${cropWidth}×${cropHeight}` : '';
  return `${picture.kind} ${picture.width}×${picture.height}, ${resized[resize]}${crop}`;
}
