// Results as files: results/latest.json, which can be committed, and the chart made of it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root, run } from '../../scripts/shell.mjs';
import { chart } from './chart.mjs';

const folder = join(root, 'bench/results');

/** What figures depend on besides the code. */
export function circumstances(browser, flags) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'bench/package.json'), 'utf8'));
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: run('git', ['describe', '--always', '--dirty'], { quiet: true }).trim(),
    processor: cpus()[0].model,
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    chromium: browser.version(),
    ...(flags ? { flags } : {}),
    peers: dependencies,
  };
}

/** Writes the results down, and draws them where there is something to draw. */
export async function keep(results) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'latest.json');
  const options = { ...(await resolveConfig(path)), parser: 'json' };
  writeFileSync(path, await format(JSON.stringify(results), options));
  if (results.forward) writeFileSync(join(folder, 'latest.svg'), chart(results));
}
