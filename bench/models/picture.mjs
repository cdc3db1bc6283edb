// The picture that everybody is given, and what image processors make of it.
import { seeded } from './random.mjs';

/** A square picture of noise, `edge` pixels wide, as RGBA; the same one in Node and in every page. */
export function picture(edge) {
  const values = seeded(7)(new Float32Array(4 * edge * edge), 60, 128);
  return { data: Uint8ClampedArray.from(values), width: edge, height: edge };
}

/** Its pixel values [3 × edge × edge], as an image processor gives them that has nothing to resize. */
export function pixelValues({ data, width, height }) {
  const pixels = width * height;
  return Float32Array.from({ length: 3 * pixels }, (_, index) => {
    const channel = Math.floor(index / pixels);
    return (data[4 * (index % pixels) + channel] / 255 - 0.5) / 0.5;
  });
}

/** The preprocessor_config.json of just that. */
export const asItIs = (edge) => ({
  image_processor_type: 'ViTImageProcessor',
  do_resize: true,
  size: { height: edge, width: edge },
  resample: 2,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
});

/** The preprocessor_config.json of a DeiT: 256 × 256 by Pillow's bicubic filter, of which the middle is used. */
export const asDeit = (edge) => ({
  ...asItIs(edge),
  image_processor_type: 'DeiTImageProcessor',
  size: { height: 256, width: 256 },
  resample: 3,
  do_center_crop: true,
  crop_size: { height: edge, width: edge },
});
