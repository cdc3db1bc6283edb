// Everything that is measured, printed as tables and kept in results/. Imported once the peers are installed.
import { Failure } from '../scripts/shell.mjs';
import { launchChromium } from './browser/chromium.mjs';
import { launchFirefox } from './browser/firefox.mjs';
import { pageFolders } from './browser/folders.mjs';
import { serve } from './browser/server.mjs';
import { launchWebKit } from './browser/webkit.mjs';
import { architectures } from './chapters/architectures.mjs';
import { batch } from './chapters/batch.mjs';
import { choice } from './chapters/choice.mjs';
import { cold } from './chapters/cold.mjs';
import { forward } from './chapters/forward.mjs';
import { kernels } from './chapters/kernels.mjs';
import { native } from './chapters/native.mjs';
import { preprocess } from './chapters/preprocess.mjs';
import { words } from './chapters/words.mjs';
import { buildKernels } from './kernels/build.mjs';
import { modelFolders } from './models/formats.mjs';
import { clips, models } from './plan.mjs';
import { keep } from './report/keep.mjs';
import { tables } from './report/tables.mjs';

const chapters = { forward, batch, kernels, choice, cold, preprocess, words, architectures, native };

const browsers = { chromium: launchChromium, firefox: launchFirefox, webkit: launchWebKit };
/** Chapters that ask Chromium about its processes. */
const ofChromium = ['cold', 'words'];

/** Runs the races that the options of the command line ask for. */
export async function races(options) {
  const chosen = pick(options.models, models);
  const wanted = Object.keys(pick(options.only, chapters));
  if (options.native) wanted.push('native');
  const elsewhere =
    options.browser === 'chromium' ? undefined : wanted.find((name) => ofChromium.includes(name));
  if (elsewhere) throw new Failure(`The chapter "${elsewhere}" runs in Chromium only.`);
  const [launch] = Object.values(pick(options.browser, browsers));
  const flags = options['js-flags'];
  const served = wanted.includes('architectures') ? models : chosen;
  const folders = { ...pageFolders(), ...modelFolders(served) };
  if (wanted.includes('kernels')) folders['/kernels/'] = buildKernels();
  const server = await serve(folders);
  const browser = await launch(flags ? [`--js-flags=${flags}`] : []);
  const setting = {
    server,
    browser,
    origin: server.origin,
    models: Object.entries(chosen),
    engines: options.engines.split(','),
    rounds: Number(options.rounds),
    clips: pick(options.clips, clips),
    dtypes: options.dtypes.split(','),
  };
  try {
    const results = {};
    for (const chapter of wanted) {
      results[chapter] = await chapters[chapter](setting);
      console.log(`${tables[chapter](results[chapter])}\n`);
    }
    if (isUsual(options)) await keep(browser, results);
  } finally {
    await browser.close();
    server.close();
  }
}

/** Whether the results are those that the documents need: of the fastest engines, as browsers run them by default. */
function isUsual({ 'js-flags': flags, engines }) {
  return (
    !flags && ['vit-wasm', 'onnxruntime', 'litert'].every((engine) => engines.split(',').includes(engine))
  );
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
