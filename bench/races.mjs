// Everything that is measured, printed as tables and kept in results/. Imported once the peers are installed.
import { Failure } from '../scripts/shell.mjs';
import { launchChromium } from './browser/chromium.mjs';
import { pageFolders } from './browser/pages.mjs';
import { serve } from './browser/server.mjs';
import { batch } from './chapters/batch.mjs';
import { cold } from './chapters/cold.mjs';
import { forward } from './chapters/forward.mjs';
import { kernels } from './chapters/kernels.mjs';
import { native } from './chapters/native.mjs';
import { preprocess } from './chapters/preprocess.mjs';
import { buildKernels } from './kernels/build.mjs';
import { modelFolders } from './models/formats.mjs';
import { models } from './plan.mjs';
import { circumstances, keep } from './report/keep.mjs';
import { tables } from './report/tables.mjs';

const chapters = { forward, batch, kernels, cold, preprocess, native };
/** Runs the races that the options of the command line ask for. */
export async function races(options) {
  const chosen = pick(options.models, models);
  const wanted = Object.keys(pick(options.only, chapters));
  if (options.native) wanted.push('native');
  const folders = { ...pageFolders(), '/kernels/': buildKernels(), ...modelFolders(chosen) };
  const server = await serve(folders);
  const browser = await launchChromium(options['js-flags'] ? [`--js-flags=${options['js-flags']}`] : []);
  const setting = {
    server,
    browser,
    origin: server.origin,
    models: Object.entries(chosen),
    engines: options.engines.split(','),
    rounds: Number(options.rounds),
  };
  try {
    const results = circumstances(browser, options['js-flags']);
    for (const chapter of wanted) {
      results[chapter] = await chapters[chapter](setting);
      console.log(`${tables[chapter](results[chapter])}\n`);
    }
    await keep(results);
  } finally {
    await browser.close();
    server.close();
  }
}

/** The rows of `table` that a list of names with commas asks for. */
function pick(names, table) {
  return Object.fromEntries(
    names.split(',').map((name) => {
      if (!table[name])
        throw new Failure(`There is no "${name}"; there are ${Object.keys(table).join(', ')}.`);
      return [name, table[name]];
    }),
  );
}
