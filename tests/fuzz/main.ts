// `npm run fuzz`: executions one after another, of the seeds from --seed on, until --count of them or --seconds are over.
// What should never be is printed with its seed, and its files are kept in --keep, to be looked at, mended, and added to
// the corpus.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { caseOf, materials } from './cases.js';
import { Fault } from './execute.js';
import { watchdog } from './watchdog.js';
import { engines } from './engines.js';

const { values } = parseArgs({
  options: {
    fixtures: { type: 'string' },
    dist: { type: 'string' },
    keep: { type: 'string' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string' },
    seconds: { type: 'string', default: '60' },
  },
});
const { fixtures = '', dist = '', keep = '' } = values;
const first = Number(values.seed);
const count = values.count === undefined ? Infinity : Number(values.count);
const until = count === Infinity ? performance.now() + 1000 * Number(values.seconds) : Infinity;

const all = await materials(fixtures, await engines(dist));
const outcomes = new Map<string, number>();
const begin = performance.now();
const watching = watchdog();
let faults = 0;
let seed = first;
for (; seed < first + count && performance.now() < until; seed++) {
  watching.see(seed);
  const { packed, run } = caseOf(seed, all);
  try {
    const outcome = await run();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    faults++;
    console.error(`Seed ${seed}: ${error.message}`);
    const folder = join(keep, String(seed));
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(packed.files)) await writeFile(join(folder, name), bytes);
  }
  const done = seed + 1 - first;
  if (done % 10_000 === 0) console.log(`${done.toLocaleString('en')} executions, ${faults} faults`);
}

await watching.end();
const seconds = (performance.now() - begin) / 1000;
const executions = seed - first;
console.log(
  `${executions.toLocaleString('en')} executions of the seeds from ${first} in ${Math.round(seconds)} seconds ` +
    `(${Math.round(executions / seconds)} a second), ${faults} faults.`,
);
for (const [outcome, times] of [...outcomes].sort(([, a], [, b]) => b - a)) {
  console.log(`${String(times).padStart(9)}  ${outcome}`);
}
if (faults > 0) process.exitCode = 1;
