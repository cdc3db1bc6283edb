// What is drawn over the picture, one value or color a patch.
import { element } from '../dom.js';

const warm = [255, 140, 26];
const cool = [64, 150, 255];
/** How opaque the map is where it is 0, which darkens the picture there, and where it is largest. */
const [least, most] = [0.5, 0.68];

/** Warm where the map is positive, cool where it is negative. `smooth` blends patches into each other. */
export function drawMap(map, size, { smooth = true } = {}) {
  const { data, rows, columns } = map;
  const largest = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-12);
  const smallest = data.reduce((smallest, value) => Math.min(smallest, value), largest);
  // Attention is never negative, and little of it is everywhere: what stands out is what matters.
  const floor = Math.max(0, smallest);
  const pixels = new ImageData(columns, rows);
  data.forEach((value, patch) => {
    const share = ((Math.abs(value) - floor) / (largest - floor || 1)) ** 0.7;
    const color = value < 0 ? cool : warm;
    pixels.data.set(
      [...color.map((part) => share * part), 255 * (least + (most - least) * share)],
      4 * patch,
    );
  });
  drawPixels(pixels, map.box, size, smooth);
}

/** Pixels over that part of a picture of this size which is their box. */
export function drawPixels(pixels, box, size, smooth) {
  const canvas = element('overlay');
  const small = new OffscreenCanvas(pixels.width, pixels.height);
  small.getContext('2d').putImageData(pixels, 0, 0);
  const scale = Math.min(1, 768 / Math.max(size.width, size.height)) || 1;
  const context = fit(canvas, scale * size.width, scale * size.height);
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = 'high';
  context.drawImage(small, scale * box.x, scale * box.y, scale * box.width, scale * box.height);
}

function fit(canvas, width, height) {
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas.getContext('2d');
}

export function clearOverlay() {
  const canvas = element('overlay');
  canvas.width = canvas.height = 1;
}

/** The picture with what lies over it, as it is seen. */
export function composed() {
  const below = element('video').hidden ? element('canvas') : element('video');
  const [width, height] = [below.videoWidth ?? below.width, below.videoHeight ?? below.height];
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  if (element('stage').classList.contains('mirrored')) {
    context.translate(width, 0);
    context.scale(-1, 1);
  }
  context.drawImage(below, 0, 0, width, height);
  if (element('overlay').width > 1) context.drawImage(element('overlay'), 0, 0, width, height);
  return canvas;
}
