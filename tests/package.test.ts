// The package as npm would publish it: what publishers check, what it holds, what it drags in.
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program of node_modules in the project's folder; what it printed is in the error when it fails. */
async function tool(name: string, ...args: string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run(`${root}node_modules/.bin/${name}`, args, { cwd: root });
  return stdout;
}

describe('the package', () => {
  it('is clean by publint --strict', async () => {
    await tool('publint', '--strict');
  });

  it('has types that every ES module resolution finds (attw)', async () => {
    await tool('attw', '--pack', '.', '--profile', 'esm-only', '--no-color', '--no-emoji');
  });

  it('holds what was built, and no source', async () => {
    const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json'], { cwd: root });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map((file) => file.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'dist/builtin.js',
        'dist/builtin/config.json',
        'dist/builtin/model.safetensors',
        'dist/builtin/preprocessor_config.json',
        'dist/global.js',
        'dist/index.d.ts',
        'dist/index.js',
        'dist/inline.d.ts',
        'dist/inline.js',
        'dist/node.js',
        'dist/vit.relaxed.js',
        'dist/vit.relaxed.wasm',
        'dist/vit.simd.js',
        'dist/vit.simd.wasm',
        'dist/worker.relaxed.js',
        'dist/worker.simd.js',
      ]),
    );
    expect(paths.filter((path) => !path.startsWith('dist/'))).toHaveLength(3);
  });

  it('has declarations that ask for no types of Node', async () => {
    const names = await readdir(`${root}dist`, { recursive: true });
    const declarations = names.filter((name) => name.endsWith('.d.ts'));
    expect(declarations).toContain('index.d.ts');
    for (const name of declarations) {
      expect(await readFile(`${root}dist/${name}`, 'utf8')).not.toMatch(
        /types="node"|from 'node:|NodeJS\.|\bBuffer\b/,
      );
    }
  });
});
