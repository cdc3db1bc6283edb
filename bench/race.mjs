// Participants against each other: outputs compared first, then bursts of forward passes in turn, so that whatever else
// the machine does hits all alike.
import { Failure } from '../scripts/shell.mjs';
import { call, openPage } from './browser/chromium.mjs';
import { modelFile } from './models/formats.mjs';
import { fp32Tolerance } from './plan.mjs';

/** Milliseconds that every participant runs before it counts: engines compile twice, the second time while running. */
const warmUpLength = 1500;
/** Milliseconds of a burst, roughly: long enough to fill the caches that the others have emptied. */
const burstLength = 150;

/**
 * Races `runners`, rows of plan.mjs of one dtype and number of threads, on one model, and returns a result for each.
 * `reference` are the logits that theirs are compared with.
 */
export async function race(browser, origin, [modelName, model], runners, { reference, rounds }) {
  const entrants = [];
  for (const runner of runners) {
    const entrant = await enter(browser, origin, [modelName, model], runner);
    entrants.push({ ...entrant, ...compare(entrant, reference) });
  }
  for (const entrant of entrants) await warmUp(entrant);
  for (let round = 0; round < rounds; round++) {
    for (const entrant of entrants) entrant.times.push(...(await call(entrant.page, 'burst', entrant.burst)));
  }
  for (const { page } of entrants) await page.close();
  return entrants.map((entrant) => result(modelName, entrant));
}

/** What `runner` makes of the model and the picture that all get. */
export async function logitsOf(browser, origin, model, runner) {
  const { page, logits } = await enter(browser, origin, model, runner);
  await page.close();
  return logits;
}

/** A participant that has given its first answer. */
async function enter(browser, origin, [modelName, model], runner) {
  const file = modelFile(modelName, model, runner);
  const page = await openPage(browser, origin, 'participant.js');
  await call(page, 'start', { ...runner, model, file });
  return { runner, page, logits: await call(page, 'logits'), times: [] };
}

async function warmUp(entrant) {
  const begin = performance.now();
  const times = [];
  while (performance.now() - begin < warmUpLength) times.push(...(await call(entrant.page, 'burst', 2)));
  entrant.burst = Math.max(1, Math.round(burstLength / Math.min(...times)));
}

/** How far logits are from the reference's; 32-bit ones that are too far end the benchmark. */
function compare({ runner, logits }, reference) {
  const difference = Math.max(...logits.map((value, index) => Math.abs(value - reference[index])));
  if (runner.dtype === 'fp32' && !(difference <= fp32Tolerance)) {
    throw new Failure(
      `${runner.name} does not compute what vit-wasm does: on the same weights and pixels their logits differ by ` +
        `${difference.toPrecision(3)}, where ${fp32Tolerance} is allowed. Nothing of this race was timed.`,
    );
  }
  const firstAnswer = (values) => values.indexOf(Math.max(...values));
  return { difference, agrees: firstAnswer(logits) === firstAnswer(reference) };
}

function result(model, { runner, times, difference, agrees }) {
  const sorted = times.toSorted((a, b) => a - b);
  const { name, dtype, threads } = runner;
  const [minimum, median] = [sorted[0], sorted[Math.floor(sorted.length / 2)]];
  return { model, name, dtype, threads, minimum, median, runs: times.length, difference, agrees };
}
