// ViTs on this library beside convolutional networks on the engines that run them: time here, accuracy as published.
import { Failure } from '../../scripts/shell.mjs';
import { sizeOf } from '../models/convnets.mjs';
import {
  architectures as all,
  convnetEngines,
  convnetTolerance,
  models,
  multiplyAdds,
  participants,
} from '../plan.mjs';
import { canRun, distance, enter, takeTurns } from './race.mjs';
import { median } from './statistics.mjs';

const image = 224;

/** Returns a row for each network, engine and kind of number, on one thread. All take turns in one race. */
export async function architectures(setting) {
  const entrants = [];
  for (const architecture of all) entrants.push(...(await enterEach(setting, architecture)));
  await takeTurns(entrants, setting.rounds);
  return entrants.map(row);
}

async function enterEach(setting, architecture) {
  const { network, vit } = architecture;
  const model = network ? { network, image, classes: 1000 } : models[vit];
  const entrants = [];
  for (const runner of network ? ofConvnets : await ofVits(setting)) {
    const entrant = await enter(setting, [network ?? vit, model], runner);
    entrants.push({ ...entrant, architecture });
  }
  if (network) agree(architecture.title, entrants);
  return entrants;
}

const single = participants.filter(({ threads }) => threads === 1);
const ofConvnets = convnetEngines.map((engine) =>
  single.find(({ name, dtype }) => name === engine && dtype === 'fp32'),
);

/** Our fastest build here, with each kind of number. */
async function ofVits(setting) {
  const found = [];
  for (const wanted of ['fp32', 'int8']) {
    for (const runner of single.filter(({ engine, dtype }) => engine === 'vit-wasm' && dtype === wanted)) {
      if (found.at(-1)?.dtype !== wanted && (await canRun(setting, runner))) found.push(runner);
    }
  }
  return found;
}

/** The engines compute the same network, or nothing is timed. */
function agree(title, [first, ...others]) {
  const greatest = Math.max(...first.logits.map(Math.abs));
  for (const { runner, logits } of others) {
    const difference = distance(logits, first.logits) / greatest;
    if (difference <= convnetTolerance) continue;
    throw new Failure(
      `${runner.name} and ${first.runner.name} differ by ${difference.toPrecision(3)} of the greatest logit of ` +
        `${title}, where ${convnetTolerance} is allowed. Nothing was timed.`,
    );
  }
}

function row({ model, runner, bursts, architecture: { title, first, best } }) {
  const times = bursts.flat();
  const minimum = Math.min(...times);
  const operations = model.network ? sizeOf(model.network, image).multiplyAdds : multiplyAdds(model);
  return {
    network: title,
    isConvolutional: model.network !== undefined,
    name: runner.name,
    dtype: runner.dtype,
    median: median(times),
    minimum,
    operations,
    gmacs: operations / minimum / 1e6,
    first,
    best,
  };
}
