// Everything that has to hold: builds, checks, runs the C++ and the JavaScript tests, and ends with one line that
// counts them all. --consumers adds the whole matrix of consumers, --only-consumers runs nothing else.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build, compile, variants, wasm } from './build.mjs';
import { lint } from './lint.mjs';
import { Failure, main, root, run } from './shell.mjs';
import { forTesting, need } from './system.mjs';

const native = join(root, 'build/native');
const cores = String(availableParallelism());
const total = { passed: 0, failed: 0 };

/** Runs one part; one that breaks before it can count its tests counts as one failure. Returns whether it ran. */
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

const nothingCounted = { passed: 0, failed: 0 };

function buildAll() {
  need(forTesting);
  build();
  return nothingCounted;
}

/** Newer Nodes run relaxed SIMD without being asked, and one day may not know the flag. */
const relaxedSimd =
  Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];

/** The tests in C++ natively, under the address and undefined-behaviour sanitizers. */
function nativeTests() {
  run('cmake', ['-S', root, '-B', native, '-G', 'Ninja'], { quiet: true });
  run('cmake', ['--build', native, '--parallel', cores]);
  return googleTests('native', join(native, 'vit-tests'));
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

/** The packed package in projects of its users: the bundlers and frameworks that take their time. */
function consumerTests() {
  return javascriptTests('--testMatch', '**/tests/consumers/*.consumers.ts', '--testTimeout', '300000');
}

function javascriptTests(...options) {
  const report = join(root, 'build/jest.json');
  const jest = [join(root, 'node_modules/jest/bin/jest.js'), '--json', `--outputFile=${report}`, ...options];
  const flags = ['--experimental-vm-modules', ...relaxedSimd];
  return counted(report, process.execPath, [...flags, ...jest], (text) => {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(text);
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
  });
}

/** Runs a test program and reads its counts from the report that it writes, which a failing run writes as well. */
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

function quickParts() {
  part('Format, lint and types', () => ({ passed: 0, failed: lint().length }));
  part('C++ tests, native', nativeTests);
  for (const variant of variants) part(`C++ tests, ${variant}`, () => variantTests(variant));
  part('JavaScript tests', javascriptTests);
}

await main(import.meta, () => {
  mkdirSync(join(root, 'build'), { recursive: true });
  if (part('Build', buildAll)) {
    if (!process.argv.includes('--only-consumers')) quickParts();
    if (process.argv.some((flag) => /^--(only-)?consumers$/.test(flag))) {
      part('Every consumer of the package', consumerTests);
    }
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  if (total.failed > 0) process.exitCode = 1;
});
