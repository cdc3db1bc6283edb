// Shows that a build depends only on the sources: builds twice, from scratch, in two folders of different names, and
// compares every file of dist/. Takes as long as two first builds.
//
//   npm run reproduce
//
// Prints the checksums, as sha256sum does. Builds what is committed, not changes in the working tree.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, main, root, run } from './shell.mjs';

/** Builds what is committed in a new folder; the SHA-256 of every file that comes out, by its path. */
function buildIn(folder) {
  mkdirSync(folder, { recursive: true });
  const archive = `${folder}.tar`;
  run('git', ['archive', '--output', archive, 'HEAD']);
  run('tar', ['--extract', '--file', archive, '--directory', folder]);
  // Installed packages and the toolchain are the same for both, as the lock file has them. Packages are copied, since
  // esbuild names the files that it bundles by where they really are.
  cpSync(join(root, 'node_modules'), join(folder, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  if (existsSync(join(root, '.toolchain'))) symlinkSync(join(root, '.toolchain'), join(folder, '.toolchain'));
  // Objects cached from the other folder would prove nothing.
  run(process.execPath, ['scripts/build.mjs'], { cwd: folder, env: { CCACHE_DISABLE: '1' } });
  const dist = join(folder, 'dist');
  const files = readdirSync(dist, { recursive: true }).filter((file) => statSync(join(dist, file)).isFile());
  return new Map(files.sort().map((file) => [file, sha256(readFileSync(join(dist, file)))]));
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

await main(import.meta, () => {
  const folder = mkdtempSync(join(tmpdir(), 'vit-wasm-'));
  try {
    const first = buildIn(join(folder, 'first'));
    const second = buildIn(join(folder, 'a', 'second one'));
    const names = [...new Set([...first.keys(), ...second.keys()])];
    const different = names.filter((name) => first.get(name) !== second.get(name));
    if (different.length > 0)
      throw new Failure(`These files depend on where they are built: ${different.join(', ')}.`);
    for (const [file, sum] of first) console.log(`${sum}  dist/${file}`);
    console.log(`${first.size} files are the same in both builds.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
