// `npm run bench`: installs and builds what the races need, and starts them. See README.md.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { main, root, run } from '../scripts/shell.mjs';
import { clips, models, participants } from './plan.mjs';

const engines = [...new Set(participants.map(({ engine }) => engine))];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'forward,batch,kernels,cold,preprocess' },
    browser: { type: 'string', default: 'chromium' },
    native: { type: 'boolean', default: false },
    models: { type: 'string', default: Object.keys(models).join() },
    clips: { type: 'string', default: Object.keys(clips).join() },
    dtypes: { type: 'string', default: 'fp32,int8' },
    engines: { type: 'string', default: engines.join() },
    rounds: { type: 'string', default: '10' },
    'js-flags': { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
});

await main(import.meta, async () => {
  const here = join(root, 'bench');
  if (!existsSync(join(here, 'node_modules'))) run('npm', ['ci', '--prefix', here]);
  if (!options['no-build'] || !existsSync(join(root, 'dist'))) build();
  // Only now: what they import is among the packages just installed.
  const { races } = await import('./races.mjs');
  await races(options);
});
