// Results as files: one for each kind of processor and browser, which can be committed, and the charts made of them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root, run } from '../../scripts/shell.mjs';
import { models } from '../plan.mjs';
import { chart } from './chart.mjs';
import { front } from './front.mjs';

const folder = join(root, 'bench/results');

/**
 * The kind of this processor, as far as engines compile differently for it: on x64, whether it has AVX-VNNI, a dot
 * product of bytes in one instruction.
 */
export function kindOfProcessor() {
  const linux = '/proc/cpuinfo';
  const hasDot = existsSync(linux) && /^flags.*\bavx_vnni\b/m.test(readFileSync(linux, 'utf8'));
  return hasDot ? `${process.arch}-vnni` : process.arch;
}

/** What figures depend on besides the code. */
export function circumstances(browser) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'bench/package.json'), 'utf8'));
  return {
    processor: cpus()[0].model,
    kind: kindOfProcessor(),
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    browser: `${browser.name} ${browser.version}`,
    peers: dependencies,
  };
}

/**
 * Writes the chapters that were measured down, and draws those there is a picture of. They replace what was known of the
 * same chapter, model and precision; `measured` says of each when that was, and of which commit.
 */
export async function keep(browser, chapters) {
  mkdirSync(folder, { recursive: true });
  const name = [kindOfProcessor(), ...(browser.name === 'Chromium' ? [] : [browser.name.toLowerCase()])];
  const path = join(folder, `${name.join('-')}.json`);
  const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const results = { ...known, ...circumstances(browser) };
  results.measured = { ...known.measured };
  const when = {
    date: new Date().toISOString().slice(0, 10),
    commit: run('git', ['describe', '--always', '--dirty'], { quiet: true }).trim(),
  };
  for (const [chapter, fresh] of Object.entries(chapters)) {
    results[chapter] = together(known[chapter], fresh);
    for (const model of new Set(rowsOf(fresh).map(({ model }) => model))) {
      results.measured[[chapter, model].join(' ').trim()] = when;
    }
  }
  const options = { ...(await resolveConfig(path)), parser: 'json' };
  writeFileSync(path, await format(JSON.stringify(results), options));
  const draw = (ending, picture) => writeFileSync(path.replace(/\.json$/, ending), picture(results));
  if (chapters.forward) draw('.svg', chart);
  if (chapters.architectures) draw('-architectures.svg', front);
}

const rowsOf = (chapter) => chapter.rows ?? chapter;

/** A chapter with the rows that were known of other models, or of these in another precision. */
function together(known, fresh) {
  if (!known) return fresh;
  const nameOf = ({ model, dtype }) => `${model} ${dtype}`;
  const again = new Set(rowsOf(fresh).map(nameOf));
  const order = Object.keys(models);
  const rows = [...rowsOf(known).filter((row) => !again.has(nameOf(row))), ...rowsOf(fresh)].toSorted(
    (a, b) => order.indexOf(a.model) - order.indexOf(b.model),
  );
  return fresh.rows ? { ...fresh, rows } : rows;
}
