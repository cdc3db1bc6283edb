// Runs all checks: builds, lints, runs the C++ and the JavaScript tests, and ends with one line that counts them all.
//
//   npm test                     all of it
//   npm test -- PATTERN…         the TypeScript tests whose path matches, and the C++ tests whose file or name does,
//                                natively; regular expressions, in any case
//   npm test -- --only KIND      unit (TypeScript without a browser), cpp (natively and as every wasm) or browser
//   npm test -- --consumers      all of it, and the whole matrix of consumers; --only-consumers runs nothing else
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, compile, variants, wasm } from './build.mjs';
import { lint } from './lint.mjs';
import { Failure, main, root, run } from './shell.mjs';
import { forBuilding, forNativeTesting, forTesting, need } from './system.mjs';

const native = join(root, 'build/native');
const cores = String(availableParallelism());
const total = { passed: 0, failed: 0 };

/** Runs one part; a part that fails before it can count its tests counts as one failure. Returns whether it ran. */
function part(title, body) {
  console.log(`\n== ${title}`);
  try {
    const { passed, failed } = body();
    total.passed += passed;
    total.failed += failed;
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    total.failed += 1;
    return false;
  }
}

/** Tests that a neighbor on the same processor could slow down beyond what they allow: they run one at a time. */
const timed =
  '/tests/(browser/(kernel-choice|large-pictures|memory|watch-in-a-page|words-memory)|features/features|files/limits|teach/training-time)\\.test';

const nothingCounted = { passed: 0, failed: 0 };

function buildAll(needed) {
  need(needed);
  build();
  return nothingCounted;
}

/** Newer versions of Node run relaxed SIMD by default, and may one day not know the flag. */
const relaxedSimd =
  Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];

/** The tests in C++ natively, under the address and undefined-behavior sanitizers: all, or those named. */
function nativeTests(names) {
  need(forNativeTesting);
  run('cmake', ['-S', root, '-B', native, '-G', 'Ninja'], { quiet: true });
  run('cmake', ['--build', native, '--parallel', cores]);
  return googleTests(
    'native',
    join(native, 'vit-tests'),
    ...(names ? [`--gtest_filter=${names.join(':')}`] : []),
  );
}

/** The same tests as a variant of the wasm. */
function variantTests(variant) {
  const target = `vit-tests.${variant}`;
  compile([target]);
  return googleTests(variant, process.execPath, ...relaxedSimd, join(wasm, `${target}.js`));
}

function googleTests(name, program, ...args) {
  const report = join(root, `build/vit-tests.${name}.xml`);
  const options = ['--gtest_brief=1', `--gtest_output=xml:${report}`];
  return counted(report, program, [...args, ...options], (text) => {
    const count = (what) => Number(new RegExp(`<testsuites[^>]*\\b${what}="(\\d+)"`).exec(text)[1]);
    const failed = count('failures') + count('errors');
    return { passed: count('tests') - count('disabled') - failed, failed };
  });
}

/** The packed package in projects of its users: the bundlers and frameworks, which take long. */
function consumerTests() {
  return javascriptTests('--testMatch', '**/tests/consumers/*.consumers.ts', '--testTimeout', '300000');
}

function javascriptTests(...options) {
  const report = join(root, 'build/jest.json');
  // A worker that a failing test leaves behind must not keep the run from ending.
  const jest = [
    join(root, 'node_modules/jest/bin/jest.js'),
    '--json',
    '--forceExit',
    `--outputFile=${report}`,
    ...options,
  ];
  const flags = ['--experimental-vm-modules', ...relaxedSimd];
  return counted(report, process.execPath, [...flags, ...jest], (text) => {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(text);
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
  });
}

/** Runs a test program and reads the counts from its report, which a failing run writes as well. */
function counted(report, program, args, read) {
  rmSync(report, { force: true });
  let broken;
  try {
    run(program, args);
  } catch (error) {
    broken = error;
  }
  if (!existsSync(report)) throw broken ?? new Failure(`${program} left no report of its tests.`);
  const counts = read(readFileSync(report, 'utf8'));
  if (broken && counts.failed === 0) throw broken;
  return counts;
}

function cppParts() {
  part('C++ tests, native', () => nativeTests());
  for (const variant of variants) part(`C++ tests, ${variant}`, () => variantTests(variant));
}

function quickParts() {
  part('Format, lint and types', () => ({ passed: 0, failed: lint().length }));
  cppParts();
  part('JavaScript tests', () => javascriptTests('--maxWorkers', cores, '--testPathIgnorePatterns', timed));
  part('JavaScript tests against the clock', () => javascriptTests('--testPathPatterns', timed));
}

/** The kinds of tests that can be run alone. */
const kinds = {
  unit: () =>
    afterBuild(
      () =>
        part('Unit tests', () => javascriptTests('--testPathIgnorePatterns', '/tests/(browser|consumers)/')),
      forBuilding,
    ),
  cpp: cppParts,
  browser: () =>
    afterBuild(() => part('Browser tests', () => javascriptTests('--testPathPatterns', '/tests/browser/'))),
};

function afterBuild(parts, needed = forTesting) {
  if (part('Build', () => buildAll(needed))) parts();
}

/** Runs what any of the patterns matches, and builds only what that needs. */
function matchingParts(patterns) {
  const matches = (text) => patterns.some((pattern) => pattern.test(text));
  const scripts = filesIn('tests', '.test.ts').filter(matches);
  const names = cppTests()
    .filter(({ file, name }) => matches(file) || matches(name))
    .map(({ name }) => `${name}:*/${name}/*`); // the second form is that of a test with parameters
  if (scripts.length + names.length === 0) part('Tests', noMatch);
  if (names.length > 0) part('C++ tests, native', () => nativeTests(names));
  if (scripts.length > 0) {
    const paths = scripts.map((path) => join(root, path));
    const needed = scripts.some((path) => /browser|consumers/.test(path)) ? forTesting : forBuilding;
    afterBuild(() => part('JavaScript tests', () => javascriptTests('--runTestsByPath', ...paths)), needed);
  }
}

function noMatch() {
  throw new Failure('No TypeScript test has such a path, and no C++ test such a file or name.');
}

function filesIn(folder, ending) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path));
}

/** Every test in C++, by its file and the name that GoogleTest gives it; read from the sources, because nothing is built yet. */
function cppTests() {
  return filesIn('tests/cpp', '.cpp').flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/^TEST(?:_[FP])?\((\w+),\s*(\w+)\)/gm)].map(([, suite, test]) => ({
      file,
      name: `${suite}.${test}`,
    }));
  });
}

function requested() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      consumers: { type: 'boolean' },
      'only-consumers': { type: 'boolean' },
    },
  });
  if (positionals.length > 0) return () => matchingParts(positionals.map((text) => new RegExp(text, 'i')));
  if (values.only !== undefined) {
    const kind = kinds[values.only];
    if (!kind) throw new Failure(`--only is ${values.only}; expected ${Object.keys(kinds).join(', ')}.`);
    return kind;
  }
  return () =>
    afterBuild(() => {
      if (!values['only-consumers']) quickParts();
      if (values.consumers || values['only-consumers']) part('Every consumer of the package', consumerTests);
    });
}

await main(import.meta, () => {
  const parts = requested();
  mkdirSync(join(root, 'build'), { recursive: true });
  parts();
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  if (total.failed > 0) process.exitCode = 1;
});
