// `npm run bench`: everything that is measured, printed as tables and kept in results/. See README.md.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { main, root, run } from '../scripts/shell.mjs';
import { launchChromium } from './browser/chromium.mjs';
import { serve } from './browser/server.mjs';
import { modelFolders } from './models/formats.mjs';
import { ourFolders } from './ours.mjs';
import { classes, models, participants } from './plan.mjs';
import { logitsOf, race } from './race.mjs';
import { forwardTable } from './report/tables.mjs';

const here = join(root, 'bench');

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: Object.keys(models).join() },
    rounds: { type: 'string', default: '10' },
    'no-build': { type: 'boolean', default: false },
  },
});

/** Every race of one model: the participants of one dtype and number of threads against each other. */
async function raceModel(browser, origin, model) {
  const reference = await logitsOf(browser, origin, model, participants[0]);
  const results = [];
  for (const { dtype, threads } of classes) {
    const runners = participants.filter((runner) => runner.dtype === dtype && runner.threads === threads);
    if (runners.length === 0) continue;
    results.push(
      ...(await race(browser, origin, model, runners, { reference, rounds: Number(options.rounds) })),
    );
  }
  return results;
}

await main(import.meta, async () => {
  if (!existsSync(join(here, 'node_modules'))) run('npm', ['ci', '--prefix', here]);
  if (!options['no-build']) build();
  const chosen = Object.entries(models).filter(([name]) => options.models.split(',').includes(name));
  const server = await serve({
    ...ourFolders(),
    '/page/': join(here, 'page'),
    '/models/': join(here, 'models'),
    '/peers/': join(here, 'node_modules'),
    ...modelFolders(Object.fromEntries(chosen)),
  });
  const browser = await launchChromium();
  try {
    for (const model of chosen) console.log(forwardTable(await raceModel(browser, server.origin, model)));
  } finally {
    await browser.close();
    server.close();
  }
});
