// Forward passes of the participants against each other: outputs compared first, then bursts in turn, so that whatever
// else the machine does hits all alike.
import { Failure } from '../../scripts/shell.mjs';
import { call, openPage } from '../browser/chromium.mjs';
import { modelFile } from '../models/formats.mjs';
import { classes, fp32Tolerance, multiplyAdds, participants } from '../plan.mjs';
import { median } from './statistics.mjs';

/** Milliseconds that every participant runs before it counts: engines compile twice, the second time while running. */
const warmUpLength = 1500;
/** Milliseconds of a burst, roughly: long enough to fill the caches that the others have emptied. */
const burstLength = 150;

/** Races every class of participants on each of `models`, and returns one row for each participant and model. */
export async function forward({ browser, origin, models, rounds, engines }) {
  const rows = [];
  for (const model of models) {
    const reference = await logitsOf(browser, origin, model, participants[0]);
    for (const { dtype, threads } of classes) {
      const runners = participants.filter((runner) => {
        return runner.dtype === dtype && runner.threads === threads && engines.includes(runner.engine);
      });
      rows.push(...(await race(browser, origin, model, runners, { reference, rounds })));
    }
  }
  return rows;
}

async function race(browser, origin, model, runners, { reference, rounds }) {
  const entrants = [];
  for (const runner of runners) {
    const entrant = await enter(browser, origin, model, runner);
    entrants.push({ ...entrant, ...compare(entrant, reference) });
  }
  for (const entrant of entrants) await warmUp(entrant);
  for (let round = 0; round < rounds; round++) {
    for (const { page, burst, bursts } of entrants) bursts.push(await call(page, 'burst', burst));
  }
  for (const { page } of entrants) await page.close();
  return entrants.map((entrant) => row(model, entrant, entrants));
}

/** What `runner` makes of the model and the picture that all get. */
async function logitsOf(browser, origin, model, runner) {
  const { page, logits } = await enter(browser, origin, model, runner);
  await page.close();
  return logits;
}

/** A participant that has given its first answer. */
async function enter(browser, origin, [name, model], runner) {
  const file = modelFile(name, model, runner);
  const page = await openPage(browser, origin, 'participant.js');
  await call(page, 'start', { ...runner, model, file });
  return { runner, page, logits: await call(page, 'logits'), bursts: [] };
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

function row([modelName, model], entrant, entrants) {
  const { runner, bursts, difference, agrees } = entrant;
  const times = bursts.flat();
  const minimum = Math.min(...times);
  const ours = entrants.filter(({ runner }) => runner.engine === 'vit-wasm');
  return {
    model: modelName,
    dtype: runner.dtype,
    threads: runner.threads,
    name: runner.name,
    median: median(times),
    minimum,
    gmacs: multiplyAdds(model) / minimum / 1e6,
    runs: times.length,
    difference,
    agrees,
    // Our time over this one's, by the name of ours.
    ratios: Object.fromEntries(ours.map((our) => [our.runner.name, ratio(our.bursts, bursts)])),
  };
}

/** The median of what single rounds say; a burst's fastest pass stands for it. */
function ratio(ours, theirs) {
  return median(ours.map((burst, round) => Math.min(...burst) / Math.min(...theirs[round])));
}
