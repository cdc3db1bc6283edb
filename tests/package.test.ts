// The package as npm would publish it: what publishers check, what it holds, what it drags in.
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program of node_modules in the project's folder; what it printed is in the error when it fails. */
async function tool(name: string, ...args: string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run(`${root}node_modules/.bin/${name}`, args, { cwd: root });
  return stdout;
}

async function declarations(): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(`${root}dist`)).filter((name) => name.endsWith('.d.ts'));
  expect(names).toEqual(expect.arrayContaining(['index.d.ts', 'inline.d.ts', 'builtin.d.ts', 'model.d.ts']));
  return await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(`${root}dist/${name}`, 'utf8') })),
  );
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
        'dist/features.d.ts',
        'dist/features.js',
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
        'dist/worker.rare.js',
        'dist/worker.relaxed.js',
        'dist/worker.simd.js',
      ]),
    );
    expect(paths.filter((path) => !path.startsWith('dist/'))).toHaveLength(3);
  });

  it('has a reference of every public name, without a warning (typedoc)', async () => {
    await tool('typedoc', '--emit', 'none', '--logLevel', 'Warn');
  });

  it('has no `any` in its declarations', async () => {
    const found = (await declarations()).flatMap(({ name, text }) => {
      const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
      const anys = (node: ts.Node): string[] => [
        ...(node.kind === ts.SyntaxKind.AnyKeyword ? [`${name}: ${node.parent.getText()}`] : []),
        ...node.getChildren().flatMap(anys),
      ];
      return anys(file);
    });
    expect(found).toEqual([]);
  });

  it('has declarations that ask for no types of Node', async () => {
    for (const { text } of await declarations()) {
      expect(text).not.toMatch(/types="node"|from 'node:|NodeJS\.|\bBuffer\b/);
    }
  });

  // What is asked for rarely sits in chunks of its own, or in the script that workers fetch, or the bound is passed.
  it.each([
    ['relaxed', 123],
    ['relaxed-threads', 133],
  ])('costs a page that classifies at most %s → %d KB', async (variant, most) => {
    const names = new Set([`worker.${variant}.js`, `vit.${variant}.wasm`, 'index.js']);
    let bytes = 0;
    // Grows as it is walked: what is imported at once is downloaded, too.
    for (const name of names) {
      const file = await readFile(`${root}dist/${name}`);
      bytes += brotliCompressSync(file).length;
      if (!name.startsWith('index') && !name.startsWith('chunk')) continue;
      const text = file.toString();
      for (const [, imported] of text.matchAll(/\b(?:import|from)\s*"\.\/([^"]+)"/g)) names.add(imported);
    }
    expect(names.size).toBeGreaterThan(3);
    expect(bytes / 1000).toBeLessThan(most);
  });
});
