// The picture as the model gets it: resized and cut into patches, each of which becomes one token.
import { create, element } from '../dom.js';
import { session } from '../session.js';
import { t } from '../text.js';

/** A model's own values of black and white in R, G and B, by which others become bytes again. */
const ends = new WeakMap();

async function endsOf(model) {
  if (!ends.has(model)) {
    const flat = (value) => ({ data: new Uint8ClampedArray(4).fill(value), width: 1, height: 1 });
    const [black, white] = [await model.preprocess(flat(0)), await model.preprocess(flat(255))];
    const area = black.length / 3;
    ends.set(
      model,
      [0, 1, 2].map((channel) => [black[channel * area], white[channel * area]]),
    );
  }
  return ends.get(model);
}

/** What `preprocess` gave, as bytes again: RGBA. */
export async function pixelsOf(model, source, options) {
  const values = await model.preprocess(source, options);
  const { height, width } = model.info.imageSize;
  const area = width * height;
  const pixels = new ImageData(width, height);
  (await endsOf(model)).forEach(([black, white], channel) => {
    for (let at = 0; at < area; at++) {
      pixels.data[4 * at + channel] = Math.round(
        (255 * (values[channel * area + at] - black)) / (white - black),
      );
    }
  });
  for (let at = 3; at < pixels.data.length; at += 4) pixels.data[at] = 255;
  return pixels;
}

export const seen = {
  ask: (model, source, options) => pixelsOf(model, source, options),

  draw(pixels) {
    const { patchSize, imageSize } = session.model.info;
    const zoom = Math.max(1, Math.round(560 / pixels.width));
    const canvas = create('canvas', {
      width: zoom * pixels.width,
      height: zoom * pixels.height,
      className: 'seen',
      role: 'img',
      aria: { label: t('The picture, resized and cut into patches') },
    });
    const small = new OffscreenCanvas(pixels.width, pixels.height);
    small.getContext('2d').putImageData(pixels, 0, 0);
    const context = canvas.getContext('2d');
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    context.fillStyle = getComputedStyle(document.body).getPropertyValue('--card');
    for (let x = patchSize.width; x < pixels.width; x += patchSize.width) {
      context.fillRect(zoom * x - 1, 0, 2, canvas.height);
    }
    for (let y = patchSize.height; y < pixels.height; y += patchSize.height) {
      context.fillRect(0, zoom * y - 1, canvas.width, 2);
    }
    element('figure').replaceChildren(canvas);
    return t(
      '{width} × {height} pixels, cut into {patches} patches of {patchWidth} × {patchHeight}: more than this the model does not see.',
      {
        ...imageSize,
        patches: (imageSize.width / patchSize.width) * (imageSize.height / patchSize.height),
        patchWidth: patchSize.width,
        patchHeight: patchSize.height,
      },
    );
  },
};
