// Formatting, lint rules, import cycles, types and names of tests: checks them all and prints what is wrong; with --fix it
// formats instead.
import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { Failure, main, root, run } from './shell.mjs';

const checks = {
  types: () => tool('tsc', []),
  eslint: () => tool('eslint', ['.', '--max-warnings=0']),
  'import cycles': () => tool('dpdm', [...onlyCycles, '{web,cli,tests}/**/*.ts', '{scripts,bench}/**/*.mjs']),
  prettier: () => tool('prettier', ['--check', '--log-level=warn', '.']),
  'clang-format': () => tool('clang-format', ['--dry-run', '-Werror', ...sources()]),
  'names of tests': onlyOneOfEachName,
};

/** Imports of types count as well: they too say which file has to be understood first. */
const onlyCycles = ['--no-tree', '--no-warning', '--no-progress', '--exit-code', 'circular:1'];

const fixes = {
  eslint: () => tool('eslint', ['.', '--fix']),
  prettier: () => tool('prettier', ['--write', '--log-level=warn', '.']),
  'clang-format': () => tool('clang-format', ['-i', ...sources()]),
};

/** Runs every check, shows its output, and returns the names of those that failed. */
export function lint(steps = checks) {
  return Object.keys(steps).filter((name) => {
    try {
      steps[name]();
      return false;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      console.error(error.message);
      return true;
    }
  });
}

const tool = (name, args) => run(join(root, 'node_modules/.bin', name), args);

function sources() {
  return ['cpp', 'tests/cpp'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => ['.cpp', '.h'].includes(extname(name)))
      .map((name) => join(folder, name)),
  );
}

/** `npm test -- PATTERN` and its output name a test by its file, so no two files have one name. */
function onlyOneOfEachName() {
  const names = readdirSync(join(root, 'tests'), { recursive: true })
    .map((path) => basename(path))
    .filter((name) => name.endsWith('.test.ts'));
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length > 0) throw new Failure(`Two tests are called ${twice.join(', ')}; rename one of each.`);
}

await main(import.meta, () => {
  const failed = lint(process.argv.includes('--fix') ? fixes : checks);
  if (failed.length > 0)
    throw new Failure(`Not clean: ${failed.join(', ')}. "npm run format" mends formatting.`);
});
