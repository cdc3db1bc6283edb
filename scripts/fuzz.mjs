// Fuzzing on demand. Of the loading in TypeScript, with a WebAssembly engine behind it, by a mutator that knows what a
// model is:
//
//   npm run fuzz -- --seconds 600 --seed 7
//   npm run fuzz -- --count 1000000
//
// and of everything in C++ that takes sizes or bytes, by libFuzzer with the address and undefined-behavior sanitizers:
//
//   npm run fuzz -- --native all --count 10000000
//   npm run fuzz -- --native model --seconds 600        or picture, or regression
//
// What libFuzzer learns is kept in --corpus (build/fuzz/corpus), from where the next run goes on. A fault is printed, and
// the input that caused it is kept in build/fuzz.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { build } from './build.mjs';
import { main, root, run } from './shell.mjs';
import { forNativeFuzzing, need } from './system.mjs';

const folder = join(root, 'build/fuzz');

function loading(args) {
  build();
  const program = join(folder, 'main.mjs');
  buildSync({
    entryPoints: [join(root, 'tests/fuzz/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  const places = ['--fixtures', 'tests/golden/fixtures', '--dist', 'dist', '--keep', 'build/fuzz/faults'];
  run(process.execPath, [program, ...places, ...args]);
}

/** The programs of tests/fuzz/native, and their share of the executions of `--native all`. */
const programs = { model: 0.5, picture: 0.25, regression: 0.25 };

/** One program, or all in turn, for so many seconds or executions; what they have found before is in `corpus`. */
function native(name, { seconds, count, corpus }) {
  need(forNativeFuzzing);
  const chosen = name === 'all' ? programs : { [name]: 1 };
  const targets = Object.keys(chosen).map((one) => `${one}-fuzzer`);
  run('cmake', ['--preset', 'fuzz'], { quiet: true });
  run('cmake', ['--build', '--preset', 'fuzz', '--target', ...targets]);
  for (const [one, share] of Object.entries(chosen)) {
    const found = join(corpus, one);
    mkdirSync(found, { recursive: true });
    const limit =
      count === undefined
        ? `-max_total_time=${Math.ceil(share * seconds)}`
        : `-runs=${Math.ceil(share * count)}`;
    const options = [limit, '-max_len=4096', '-print_final_stats=1', '-timeout=60'];
    run(join(root, `build/native-fuzz/${one}-fuzzer`), [found, `-artifact_prefix=${folder}/`, ...options], {
      env: { ASAN_OPTIONS: 'quarantine_size_mb=8' },
    });
  }
}

await main(import.meta, () => {
  mkdirSync(folder, { recursive: true });
  const { values } = parseArgs({
    strict: false, // the rest is for the other program
    options: {
      native: { type: 'string' },
      seconds: { type: 'string' },
      count: { type: 'string' },
      corpus: { type: 'string' },
    },
  });
  if (values.native === undefined) return loading(process.argv.slice(2));
  const { seconds = 60, count, corpus = join(folder, 'corpus') } = values;
  native(values.native, { seconds: Number(seconds), count: count && Number(count), corpus });
});
