// Where the time of an answer goes.
import { element, milliseconds } from './dom.js';
import { decodeTimeOf } from './inputs/picture.js';

/**
 * Shows how long the first answer took, then does everything again, warm, and shows the parts: a call that only
 * preprocesses is decoding and preprocessing, and one that classifies is both and inference.
 */
export async function setTimes({ model, picture, region, first, current }) {
  put('first', first);
  const { source } = picture;
  const decoded = source instanceof Blob ? await fastest(() => decodeTimeOf(source), current) : 0;
  const prepared = await fastest(() => timed(() => model.preprocess(source, { region })), current);
  const answered = await fastest(() => timed(() => model.classify(source, { region })), current);
  if (!current()) return;
  put('decode', Math.min(decoded, prepared));
  put('preprocess', Math.max(0, prepared - decoded));
  put('inference', Math.max(0, answered - prepared));
}

export function clearTimes() {
  for (const part of ['first', 'decode', 'preprocess', 'inference']) put(part);
}

/** The least of a few times, because what else the machine does only adds; only one, if it is long. */
async function fastest(time, current) {
  let least = Infinity;
  for (let round = 0; round < 3 && current() && (round === 0 || least < slow); round++) {
    least = Math.min(least, await time());
  }
  return least;
}

async function timed(call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/** Milliseconds from which on a visitor should not wait for more than one call. */
const slow = 250;

function put(part, time) {
  element(`time-${part}`).textContent = time === undefined ? '–' : milliseconds(time);
}
