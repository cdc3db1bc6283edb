// The library as the benchmark's pages get it.
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { root } from '../scripts/shell.mjs';
import { workshop } from './models/checkpoint.mjs';

const engine = join(workshop, 'page/vit-wasm.js');

/** Folders for the server: the built package, and the engine's page bundled with the library's own loader. */
export function ourFolders() {
  buildSync({
    entryPoints: [join(root, 'bench/page/engines/vit-wasm.js')],
    outfile: engine,
    bundle: true,
    format: 'esm',
    external: ['/dist/*'],
  });
  return { '/dist/': join(root, 'dist'), '/page/engines/vit-wasm.js': engine };
}
