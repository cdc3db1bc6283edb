// The library's matrix products at the shapes of the models, against what the machine's multiply-add, or its dot product of
// bytes, can do at best, measured in the same breath.
import { call, openPage } from '../browser/page.mjs';
import { median } from './statistics.mjs';

const variants = ['relaxed', 'simd'];

/**
 * Returns the peaks in GMAC/s, of the fused multiply-add and of the dot product, and a row for each dtype, variant, tile
 * and shape: { dtype, variant, tile, model, layer, …, speed, share }. Medians of all rounds; a share is of the peak
 * measured just before, because processors change their pace.
 */
export async function kernels({ browser, origin, models, rounds }) {
  const shapes = models.flatMap(shapesOf);
  const pages = {};
  const rows = [];
  for (const variant of variants) {
    pages[variant] = await openPage(browser, origin, 'kernels.js');
    const tiles = await call(pages[variant], 'start', { variant });
    for (const [dtype, names] of Object.entries(tiles)) {
      const products = dtype === 'int8' ? shapes.filter(isLinear) : shapes;
      for (const tile of names) {
        rows.push(...products.map((shape) => ({ dtype, variant, tile, ...shape, pairs: [] })));
      }
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const { pairs, ...row } of rows) {
      const peak = await call(pages.relaxed, 'speed', { dtype: row.dtype });
      pairs.push({ peak, speed: await call(pages[row.variant], 'speed', row) });
    }
  }
  for (const page of Object.values(pages)) await page.close();
  const peakOf = (dtype) =>
    median(rows.filter((row) => row.dtype === dtype).flatMap(({ pairs }) => pairs.map(({ peak }) => peak)));
  return {
    peak: peakOf('fp32'),
    dotPeak: peakOf('int8'),
    rows: rows.map(({ pairs, ...row }) => ({
      ...row,
      speed: median(pairs.map(({ speed }) => speed)),
      share: median(pairs.map(({ speed, peak }) => speed / peak)),
    })),
  };
}

/** In an int8 model attention multiplies whole numbers of 16 bits. */
const isLinear = ({ layer }) => !layer.includes('·');

/** Every matrix product of an encoder block with its shape: a [rows × inputs] by W [outputs × inputs]. */
function shapesOf([model, { hidden, heads, image, patch }]) {
  const rows = (image / patch) ** 2 + 1;
  const headSize = hidden / heads;
  return [
    { model, layer: 'q, k, v, proj', rows, inputs: hidden, outputs: hidden },
    { model, layer: 'fc1', rows, inputs: hidden, outputs: 4 * hidden },
    { model, layer: 'fc2', rows, inputs: 4 * hidden, outputs: hidden },
    { model, layer: 'q·kᵀ', rows, inputs: headSize, outputs: rows },
    { model, layer: 'shares·v', rows, inputs: rows, outputs: headSize },
  ];
}
