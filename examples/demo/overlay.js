// A map of patches, drawn over the picture: warm where it speaks for something, cool where it speaks against it.

const warm = [255, 96, 0];
const cool = [40, 120, 255];
/** How opaque the largest value is. */
const strongest = 0.75;

/** Draws over a picture of this size what `model.attention` or `model.explain` gave for it. */
export function drawOverlay(canvas, { data, rows, columns, box }, size) {
  const largest = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-12);
  const smallest = data.reduce((smallest, value) => Math.min(smallest, value), largest);
  // Attention is never negative, and little of it is everywhere: what stands out is what matters.
  const floor = Math.max(0, smallest);
  const pixels = new ImageData(columns, rows);
  data.forEach((value, patch) => {
    const share = (Math.abs(value) - floor) / (largest - floor || 1);
    pixels.data.set([...(value < 0 ? cool : warm), 255 * strongest * share], 4 * patch);
  });
  const small = new OffscreenCanvas(columns, rows);
  small.getContext('2d').putImageData(pixels, 0, 0);

  const scale = Math.min(1, 512 / Math.max(size.width, size.height));
  canvas.width = Math.max(1, Math.round(scale * size.width));
  canvas.height = Math.max(1, Math.round(scale * size.height));
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(small, scale * box.x, scale * box.y, scale * box.width, scale * box.height);
}

export function clearOverlay(canvas) {
  canvas.width = canvas.height = 1;
}
