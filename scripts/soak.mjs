// Long runs on demand: memory, workers and files have to be the same at the end as at the beginning.
//
//   npm run soak
//   npm run soak -- --only aborts,classify --aborts 100 --classify 1000
//
// The runs are aborts and browser-aborts (loads given up at random moments, in Node and in Chromium), classify, loads
// (load and dispose), workers and frames (in Chromium; frames of a camera, for so many minutes). Each takes a count by its
// name; --seed decides the moments.
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { build } from './build.mjs';
import { main, root, run } from './shell.mjs';

await main(import.meta, () => {
  build();
  const program = join(root, 'build/soak/main.mjs');
  buildSync({
    entryPoints: [join(root, 'tests/soak/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['playwright-core'],
  });
  run(process.execPath, ['--expose-gc', program, '--dist', join(root, 'dist'), ...process.argv.slice(2)]);
});
