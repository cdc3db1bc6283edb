// scripts/shell.mjs: what a script of ours prints when it fails, and how it ends.
import { afterAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'vit-wasm-scripts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const address = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Runs a script that does `body`. */
function run(body: string) {
  const path = join(folder, 'script.mjs');
  writeFileSync(
    path,
    `import { parseArgs } from 'node:util';
     import { main, Failure } from ${address('../scripts/shell.mjs')};
     import { load } from ${address('../dist/node.js')};
     await main(import.meta, async () => { ${body} });`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], { encoding: 'utf8' });
  return { status, stdout, lines: stderr.trim().split('\n') };
}

describe('a script that fails', () => {
  it.each([
    [
      'because of a mistyped model',
      "await load('./no/such/model')",
      /^There is no .*\/no\/such\/model\/.*\.$/,
    ],
    ['because of an option of load', "await load(undefined, { dtype: 'int9' })", /^dtype "int9" is unknown/],
    ['because of an option of its own', "parseArgs({ args: ['--bogus'], options: {} })", /'--bogus'/],
    ['as it says itself', "throw new Failure('No pictures.')", /^No pictures\.$/],
  ])('%s says so in one line', (_, body, says) => {
    expect(run(body)).toEqual({ status: 1, stdout: '', lines: [expect.stringMatching(says)] });
  });

  it('because of a mistake in it shows where', () => {
    const { status, lines } = run('undefined.pictures');
    expect(status).toBe(1);
    expect(lines.join('\n')).toMatch(/TypeError: .*pictures[\s\S]*script\.mjs:/);
  });
});
