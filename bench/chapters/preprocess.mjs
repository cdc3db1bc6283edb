// A large photograph's way to the size of the network's input: the library in the page against Pillow, whose bytes it
// gives. In turn, so that the machine's pace hits both alike.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../scripts/shell.mjs';
import { call, openPage } from '../browser/page.mjs';
import { modelFile } from '../models/formats.mjs';
import { participants } from '../plan.mjs';
import { median } from './statistics.mjs';

/** The photograph: eight megapixels, which telephones make. */
const picture = { width: 3264, height: 2448 };
/** As DeiT's image processor: squashed to 256 × 256 with Pillow's bicubic, of which the middle is used. */
const resized = 256;

/** Where our variants run, and what they are given. */
const ways = [
  { way: 'RGBA, in the page', worker: false, onCanvas: false },
  { way: 'RGBA, through its worker', worker: true, onCanvas: false },
  { way: 'a canvas, through its worker', worker: true, onCanvas: true },
];

/** Names a Python that has Pillow. Without it, only the library's own rows come. */
const python = process.env.VIT_PYTHON ?? 'python3';
const pillow = fileURLToPath(new URL('pillow.py', import.meta.url));

/**
 * Returns a row for each of our single-thread variants and each way, and one for Pillow: milliseconds to pixel values,
 * which have to be the same in all (Pillow's: to the resized image only, from an image that is RGB already).
 */
export async function preprocess({ browser, origin, rounds, models }) {
  const [name, model] = models[0];
  const ours = participants.filter(({ engine, dtype, threads }) => {
    return engine === 'vit-wasm' && dtype === 'fp32' && threads === 1;
  });
  const file = modelFile(name, model, { format: 'photograph' });
  const rows = [];
  let first;
  for (const runner of ours.flatMap((participant) => ways.map((way) => ({ ...participant, ...way })))) {
    const page = await openPage(browser, origin, 'participant.js');
    await call(page, 'start', { ...runner, model, file });
    const values = await call(page, 'prepare', { ...picture, onCanvas: runner.onCanvas });
    first ??= values;
    if (!values.every((value, at) => value === first[at])) {
      throw new Failure(`${runner.name} gives other pixel values to ${runner.way}. Nothing was timed.`);
    }
    const measure = () => call(page, 'preprocess');
    await measure(); // Warms up.
    rows.push({ name: `${runner.name}, ${runner.way}`, page, measure, times: [] });
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
