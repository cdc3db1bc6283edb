// `npm run soak`: prints what each long run held before and after, and fails if it is more.
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { abortLoads } from './aborts.js';
import { abortsMany, framesFor, workersMany } from './chromium.js';
import { classifyMany, loadMany } from './node.js';

const { values } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    aborts: { type: 'string', default: '1000' },
    'browser-aborts': { type: 'string', default: '1000' },
    classify: { type: 'string', default: '10000' },
    loads: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '500' },
    frames: { type: 'string', default: '60' },
  },
});
const dist = pathToFileURL(`${values.dist}/`);
const built = (await import(new URL('node.js', dist).href)) as typeof import('../../web/index.js');
const seed = Number(values.seed);

/** How much more may be held in the end: what collectors leave, which does not grow with the count. */
const tolerance = { bytes: 24e6, files: 1 };

/** What of `after` is more than it should be. */
function growth(before: object, after: object): string[] {
  const held = before as Record<string, number>;
  return Object.entries(after as Record<string, number>).flatMap(([name, value]) => {
    const more = value - held[name];
    const allowed = name === 'workers' ? 0 : name === 'files' ? tolerance.files : tolerance.bytes;
    return more > allowed ? [`${name} grew by ${more.toLocaleString('en')}`] : [];
  });
}

type Run = () => Promise<{ report: object; faults: string[] }>;

const runs: Record<string, Run> = {
  async aborts() {
    const { faults, ...report } = await abortLoads(built.load, Number(values.aborts), seed);
    return { report, faults };
  },
  async 'browser-aborts'() {
    const { faults, ...report } = await abortsMany(dist, Number(values['browser-aborts']), seed);
    return {
      report,
      faults: report.workers > 0 ? [...faults, `${report.workers} workers are left`] : faults,
    };
  },
  async classify() {
    const report = await classifyMany(built, Number(values.classify));
    const faults = growth(report.before, report.after);
    return { report, faults: report.isSame ? faults : [...faults, 'the same picture has other logits'] };
  },
  async loads() {
    const report = await loadMany(built, Number(values.loads));
    return { report, faults: growth(report.before, report.after) };
  },
  async workers() {
    const count = Number(values.workers);
    const report = await workersMany(dist, count);
    const faults = growth(report.before, report.after);
    return { report, faults: report.answers === count ? faults : [...faults, 'answers are missing'] };
  },
  async frames() {
    const report = await framesFor(dist, Number(values.frames));
    const faults = growth(report.before, report.after);
    const isWell = report.answers > 0 && report.empty === 0;
    return { report, faults: isWell ? faults : [...faults, 'answers are missing'] };
  },
};

for (const [name, run] of Object.entries(runs)) {
  if (values.only !== undefined && !values.only.split(',').includes(name)) continue;
  const began = performance.now();
  const { report, faults } = await run();
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${name} (${(values as Record<string, unknown>)[name] as string}, ${seconds} s): ${JSON.stringify(report)}`,
  );
  for (const fault of faults) console.error(`  FAULT: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
