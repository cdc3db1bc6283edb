// The tokens' three principal components as red, green and blue: what the model takes for alike has like colors.
import { principalComponents } from '../dist/features.js';
import { session } from '../session.js';
import { t } from '../text.js';
import { drawPixels } from './overlay.js';

/** Of a camera's first frame: with one of its own each frame would have other colors. */
let basis;

export const colors = {
  live: true,

  start() {
    session.on('live', () => {
      basis = undefined;
    });
  },

  reset() {
    basis = undefined;
  },

  async ask(model, source, options) {
    const [tokens, { box }] = await Promise.all([
      model.tokens(source, options),
      model.attention(source, options),
    ]);
    return { tokens, box };
  },

  draw({ tokens, box }, size) {
    const components = principalComponents(tokens, { image: true, ...(session.live ? { basis } : {}) });
    if (session.live) basis = components.basis;
    const { data, width } = components.image;
    for (let at = 3; at < data.length; at += 4) data[at] = 215;
    drawPixels(new ImageData(data, width), box, size, true);
    return t(
      'Patches that the model takes for alike have like colors: the three principal components of its tokens.',
    );
  },
};
