// A large photograph's way to the size of the network's input: the library in the page against Pillow, whose bytes it
// gives. In turn, so that the machine's pace hits both alike.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { call, openPage } from '../browser/chromium.mjs';
import { modelFile } from '../models/formats.mjs';
import { participants } from '../plan.mjs';
import { median } from './statistics.mjs';

/** The photograph: eight megapixels, which telephones make. */
const picture = { width: 3264, height: 2448 };
/** As DeiT's image processor: squashed to 256 × 256 with Pillow's bicubic, of which the middle is used. */
const resized = 256;

/** Names a Python that has Pillow. Without it, only the library's own rows come. */
const python = process.env.VIT_PYTHON ?? 'python3';
const pillow = fileURLToPath(new URL('pillow.py', import.meta.url));

/**
 * Returns a row for each of our single-thread variants and one for Pillow: milliseconds from RGBA bytes to pixel values
 * (Pillow's: to the resized image only, from an image that is RGB already).
 */
export async function preprocess({ browser, origin, rounds, models }) {
  const [name, model] = models[0];
  const ours = participants.filter(({ engine, dtype, threads }) => {
    return engine === 'vit-wasm' && dtype === 'fp32' && threads === 1;
  });
  const rows = [];
  for (const runner of ours) {
    const page = await openPage(browser, origin, 'participant.js');
    await call(page, 'start', { ...runner, model, file: modelFile(name, model, { format: 'photograph' }) });
    const measure = () => call(page, 'preprocess', picture);
    await measure(); // Warms up.
    rows.push({ name: runner.name, page, measure, times: [] });
  }
  if (pillowTimes()) rows.push({ name: 'Pillow', measure: pillowTimes, times: [] });
  for (let round = 0; round < rounds; round++) {
    for (const { measure, times } of rows) times.push(Math.min(...(await measure())));
  }
  for (const { page } of rows) await page?.close();
  const theirs = rows.find(({ name }) => name === 'Pillow')?.times;
  return rows.map(({ name, times }) => ({
    name,
    ...picture,
    median: median(times),
    minimum: Math.min(...times),
    ...(theirs && { toPillow: median(times.map((time, round) => time / theirs[round])) }),
  }));
}

/** Milliseconds of several resizes by Pillow; undefined where there is none. */
function pillowTimes() {
  const size = [picture.width, picture.height, resized].map(String);
  const { status, stdout } = spawnSync(python, [pillow, ...size], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout) : undefined;
}
