// Forward passes of the engines against each other, of the same weights and the same input.
import { Failure } from '../../scripts/shell.mjs';
import { classes, fp32Tolerance, multiplyAdds, participants } from '../plan.mjs';
import { canRun, distance, enter, ratio, takeTurns } from './race.mjs';
import { median } from './statistics.mjs';

/** Races every class of participants on each of `models`, and returns one row for each participant and model. */
export async function forward(setting) {
  const { models, engines, rounds } = setting;
  const able = await ableOnes(setting);
  const rows = [];
  for (const model of models) {
    const reference = await logitsOf(setting, model, able[0]);
    for (const { dtype, threads } of classes) {
      const runners = able.filter((runner) => {
        return runner.dtype === dtype && runner.threads === threads && engines.includes(runner.engine);
      });
      rows.push(...(await race(setting, model, runners, { reference, rounds })));
    }
  }
  return rows;
}

/** The participants whose builds this browser can run. */
async function ableOnes(setting) {
  const able = [];
  for (const runner of participants) if (await canRun(setting, runner)) able.push(runner);
  return able;
}

async function race(setting, model, runners, { reference, rounds }) {
  const entrants = [];
  for (const runner of runners) {
    const entrant = await enter(setting, model, runner);
    entrants.push({ ...entrant, ...compare(entrant, reference) });
  }
  await takeTurns(entrants, rounds);
  return entrants.map((entrant) => row(entrant, entrants));
}

/** What `runner` makes of the model and the picture that all get. */
async function logitsOf(setting, model, runner) {
  const { page, logits } = await enter(setting, model, runner);
  await page.close();
  return logits;
}

/** How far logits are from the reference's; 32-bit ones that are too far end the benchmark. */
function compare({ runner, logits }, reference) {
  const difference = distance(logits, reference);
  if (runner.dtype === 'fp32' && !(difference <= fp32Tolerance)) {
    throw new Failure(
      `${runner.name} does not compute what vit-wasm does: on the same weights and pixels their logits differ by ` +
        `${difference.toPrecision(3)}, where ${fp32Tolerance} is allowed. Nothing of this race was timed.`,
    );
  }
  const firstAnswer = (values) => values.indexOf(Math.max(...values));
  return { difference, agrees: firstAnswer(logits) === firstAnswer(reference) };
}

function row({ name, model, runner, bursts, difference, agrees }, entrants) {
  const times = bursts.flat();
  const minimum = Math.min(...times);
  const ours = entrants.filter(({ runner }) => runner.engine === 'vit-wasm');
  return {
    model: name,
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
