// `node bench/teach/energy.mjs MODEL KNOWN UNKNOWN`: how well a model's own logits tell pictures of its classes (those in the
// folder KNOWN and the folders in it) from others (those in UNKNOWN): the AUROC of `energy`, and of the largest
// probability. All pictures are first reduced to 32 × 32, so that their sharpness tells nothing.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '../../dist/node.js';
import { energy } from '../../dist/features.js';
import { canRead, readPicture } from '../../scripts/pictures.mjs';
import { auroc } from './auroc.mjs';

const [location, ...folders] = process.argv.slice(2);
const model = await load(location);
const edge = 32;

/** The means of equal squares of pixels. */
function reduced({ data, width, height }) {
  const square = Math.floor(Math.min(width, height) / edge);
  const small = new Uint8ClampedArray(4 * edge * edge);
  for (let at = 0; at < small.length; at++) {
    const [pixel, channel] = [at >> 2, at & 3];
    const [x, y] = [(pixel % edge) * square, Math.floor(pixel / edge) * square];
    let sum = 0;
    for (let i = 0; i < square * square; i++) {
      sum += data[4 * ((y + Math.floor(i / square)) * width + x + (i % square)) + channel];
    }
    small[at] = Math.round(sum / square ** 2);
  }
  return { data: small, width: edge, height: edge };
}

const scores = { energy: [], softmax: [] };
for (const folder of folders) {
  const files = readdirSync(folder, { recursive: true }).filter(canRead).sort();
  const [energies, negatives] = [[], []];
  for (const file of files) {
    const logits = await model.logits(reduced(await readPicture(join(folder, file))));
    energies.push(energy(logits));
    const largest = logits.reduce((a, b) => Math.max(a, b));
    negatives.push(-1 / logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  }
  scores.energy.push(energies);
  scores.softmax.push(negatives);
  console.log(`${folder}: ${files.length} pictures`);
}
for (const [name, [known, unknown]] of Object.entries(scores))
  console.log(name, auroc(known, unknown).toFixed(3));
model.dispose();
