// Which lines the tests run, of TypeScript (as V8 counts them, through the source maps of the built files) and of C++ (gcov):
//
//   npm run coverage
//   npm run coverage -- --only ts            or cpp
//   npm run coverage -- --only ts browser/   the TypeScript tests whose path matches
//
// Prints every file below 90 %, those that no test loads too, and the sum. What runs in the command line's processes and in
// Chromium's pages counts; what runs in workers of a page does not, but the same code runs in Node too.
import { availableParallelism } from 'node:os';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mergeProcessCovs } from '@bcoe/v8-coverage';
import { transformSync } from 'esbuild';
import coverage from 'istanbul-lib-coverage';
import v8ToIstanbul from 'v8-to-istanbul';
import { build } from './build.mjs';
import { Failure, main, root, run } from './shell.mjs';

const folder = join(root, 'build/coverage');
const enough = 90;

/** Runs the tests; failures are reported, and what they covered counts. */
function attempt(program, args, options) {
  try {
    run(program, args, options);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function typescript(patterns) {
  build();
  const raw = join(folder, 'processes');
  mkdirSync(raw, { recursive: true });
  const jest = [
    '--experimental-vm-modules',
    '--experimental-wasm-relaxed-simd',
    'node_modules/jest/bin/jest.js',
  ];
  const options = ['--coverageProvider=v8', `--coverageDirectory=${folder}`, '--coverageReporters=json'];
  attempt(process.execPath, [...jest, ...patterns, '--forceExit', '--coverage', ...options], {
    env: { VIT_COVERAGE: raw },
  });
  const report = join(folder, 'coverage-final.json');
  const map = coverage.createCoverageMap(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {});
  for (const script of scriptsIn(raw)) {
    const converter = v8ToIstanbul(fileURLToPath(script.url));
    await converter.load();
    converter.applyCoverage(script.functions);
    map.merge(converter.toIstanbul());
  }
  const seen = map
    .files()
    .filter((file) => /^(web|cli)\//.test(relative(root, file)))
    .map((file) => {
      const { lines } = map.fileCoverageFor(file).toSummary();
      return { file: relative(root, file), lines: lines.total, covered: lines.covered };
    });
  return [...seen, ...unloaded(new Set(seen.map(({ file }) => file)))];
}

/** The files that no test has loaded, but for those that have nothing but types. */
function unloaded(seen) {
  return ['web', 'cli']
    .flatMap((place) => filesIn(join(root, place), '.ts'))
    .filter((path) => !seen.has(relative(root, path)) && !path.endsWith('.d.ts'))
    .flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      const { code } = transformSync(text, { loader: 'ts', tsconfigRaw: {} });
      const lines = text.trimEnd().split('\n').length;
      return code.trim() === '' ? [] : [{ file: relative(root, path), lines, covered: 0 }];
    });
}

/** What processes other than Jest's have run of dist/, together. */
function scriptsIn(raw) {
  const dist = new URL('../dist/', import.meta.url).href;
  const processes = readdirSync(raw).map((name) => {
    const { result } = JSON.parse(readFileSync(join(raw, name), 'utf8'));
    const own = ({ url }) => url.startsWith(dist) && existsSync(new URL(`${url}.map`));
    return { result: result.filter(own) };
  });
  return mergeProcessCovs(processes).result;
}

function cpp() {
  const built = join(root, 'build/native-coverage');
  run('cmake', ['--preset', 'native-coverage'], { quiet: true });
  run('cmake', ['--build', built, '--parallel', String(availableParallelism())]);
  for (const file of filesIn(built, '.gcda')) rmSync(file);
  attempt(join(built, 'vit-tests'), ['--gtest_brief=1']);
  // A header is compiled into many objects: a line is covered where any of them has run it.
  const files = new Map();
  for (const data of filesIn(built, '.gcda')) {
    const text = run('gcov', ['--json-format', '--stdout', data], { quiet: true, cwd: built });
    for (const line of text.split('\n').filter(Boolean)) {
      // Relative to the folder of the build where ccache has made them so (CCACHE_BASEDIR).
      for (const { file, lines } of JSON.parse(line).files) addLines(files, resolve(built, file), lines);
    }
  }
  return [...files]
    .filter(([, lines]) => lines.size > 0)
    .map(([file, lines]) => ({
      file,
      lines: lines.size,
      covered: [...lines.values()].filter(Boolean).length,
    }));
}

function addLines(files, path, lines) {
  const file = relative(root, path);
  if (!file.startsWith('cpp/') || file.endsWith('kernels/reference.cpp')) return;
  const seen = files.get(file) ?? new Map();
  for (const { line_number: number, count } of lines) seen.set(number, (seen.get(number) ?? 0) + count);
  files.set(file, seen);
}

function filesIn(place, ending) {
  return readdirSync(place, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(place, name));
}

function print(title, files) {
  const percent = ({ covered, lines }) => (100 * covered) / Math.max(lines, 1);
  const gaps = files.filter((file) => percent(file) < enough).sort((a, b) => percent(a) - percent(b));
  for (const gap of gaps)
    console.log(`${percent(gap).toFixed(0).padStart(4)} % of ${gap.lines}  ${gap.file}`);
  const sum = (key) => files.reduce((total, file) => total + file[key], 0);
  const all = { covered: sum('covered'), lines: sum('lines') };
  console.log(
    `${title}: ${percent(all).toFixed(1)} % of ${all.lines.toLocaleString('en')} lines in ${files.length} files`,
  );
}

await main(import.meta, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' } },
  });
  rmSync(folder, { recursive: true, force: true });
  if (values.only !== 'ts') print('C++', cpp());
  if (values.only !== 'cpp') print('TypeScript', await typescript(positionals));
});
