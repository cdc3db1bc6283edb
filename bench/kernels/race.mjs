// The library's matrix product at the shapes of the models, against what the machine's multiply-add can do at best,
// measured in the same breath.
import { call, openPage } from '../browser/chromium.mjs';

const variants = ['relaxed', 'simd'];

/** Every matrix product of an encoder with its shape: `a` [rows × inputs] by W [outputs × inputs]. */
export function shapesOf(name, { hidden, heads, image, patch }) {
  const tokens = (image / patch) ** 2 + 1;
  const headSize = hidden / heads;
  return [
    { name: `${name} qkv, proj`, rows: tokens, inputs: hidden, outputs: hidden },
    { name: `${name} fc1`, rows: tokens, inputs: hidden, outputs: 4 * hidden },
    { name: `${name} fc2`, rows: tokens, inputs: 4 * hidden, outputs: hidden },
    { name: `${name} scores`, rows: tokens, inputs: headSize, outputs: tokens },
    { name: `${name} values`, rows: tokens, inputs: tokens, outputs: headSize },
  ];
}

/**
 * Returns the fused multiply-add's peak in GMAC/s, and a row for each variant and shape: { variant, name, …, speed,
 * share }. Medians of all rounds; a share is of the peak measured just before, because processors change their pace.
 */
export async function raceKernels(browser, origin, shapes, rounds) {
  const pages = {};
  for (const variant of variants) {
    pages[variant] = await openPage(browser, origin, 'kernels.js');
    await call(pages[variant], 'start', { variant });
  }
  const rows = variants.flatMap((variant) => shapes.map((shape) => ({ variant, ...shape, pairs: [] })));
  for (let round = 0; round < rounds; round++) {
    for (const { pairs, ...row } of rows) {
      const peak = await call(pages.relaxed, 'speed');
      pairs.push({ peak, speed: await call(pages[row.variant], 'speed', row) });
    }
  }
  for (const page of Object.values(pages)) await page.close();
  return {
    peak: median(rows.flatMap(({ pairs }) => pairs.map(({ peak }) => peak))),
    rows: rows.map(({ pairs, ...row }) => ({
      ...row,
      speed: median(pairs.map(({ speed }) => speed)),
      share: median(pairs.map(({ speed, peak }) => speed / peak)),
    })),
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
