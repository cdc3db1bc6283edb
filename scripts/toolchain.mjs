// Finds the Emscripten to build with; run by itself it prints the shell lines that put it to use:
//   eval "$(node scripts/toolchain.mjs)"
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { available, privateEmscripten } from './private-emscripten.mjs';
import { Failure, main, root, run, which } from './shell.mjs';

/** The first Emscripten whose clang knows every relaxed-SIMD instruction used and whose glue runs as an ES module in Node. */
const oldest = [3, 1, 69];

/** The Emscripten that releases are built with: the same sources and this version give the same wasm, byte for byte. */
const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).config.emscripten;

/** Returns `{ env, version }`: environment variables under which `emcc` and `emcmake` are the right ones. */
export function toolchain() {
  const { env, version } = installed() ?? fetched();
  if (version !== pinned) {
    console.error(`Note: building with Emscripten ${version}; releases are built with ${pinned}.`);
  }
  return { env, version };
}

function installed() {
  const sdk = process.env.EMSDK && join(process.env.EMSDK, 'upstream/emscripten/emcc');
  const emcc = which('emcc') ?? (sdk && existsSync(sdk) ? sdk : undefined);
  if (!emcc) return undefined;
  const env = { PATH: `${dirname(emcc)}:${process.env.PATH}` };
  const version = versionOf(env);
  return isOlder(version) ? undefined : { env, version };
}

function fetched() {
  if (!available()) {
    throw new Failure(
      `Emscripten ${oldest.join('.')} or newer is needed: install it with emsdk or Homebrew and put emcc on PATH.`,
    );
  }
  const env = privateEmscripten();
  return { env, version: versionOf(env) };
}

function versionOf(env) {
  const said = run('emcc', ['--version'], { env, quiet: true });
  const version = /\b(\d+\.\d+\.\d+)\b/.exec(said)?.[1];
  if (!version) throw new Failure(`emcc --version printed no version: ${said}`);
  return version;
}

function isOlder(version) {
  const parts = version.split('.').map(Number);
  const at = parts.findIndex((part, index) => part !== oldest[index]);
  return at >= 0 && parts[at] < oldest[at];
}

await main(import.meta, () => {
  for (const [name, value] of Object.entries(toolchain().env)) console.log(`export ${name}='${value}'`);
});
