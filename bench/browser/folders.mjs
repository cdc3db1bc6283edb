// What the benchmark's pages are served: the engines bundled with what they import, as an application would have them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { root } from '../../scripts/shell.mjs';
import { workshop } from '../models/checkpoint.mjs';

const here = join(root, 'bench');
const engines = join(here, 'page/engines');
const bundled = join(workshop, 'engines');

/** Folders for the server. */
export function pageFolders() {
  buildSync({
    entryPoints: readdirSync(engines).map((name) => join(engines, name)),
    outdir: bundled,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    // Loaded while running, from where they are served below.
    external: ['/dist/*', '/peers/*'],
    logLevel: 'error',
  });
  return {
    '/dist/': join(root, 'dist'),
    '/peers/': join(here, 'node_modules'),
    '/page/engines/': bundled,
    '/page/': join(here, 'page'),
    '/models/': join(here, 'models'),
  };
}
