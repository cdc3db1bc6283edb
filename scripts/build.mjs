// Builds `dist/`, all that the package holds: C++ to wasm, TypeScript to ES modules and declarations, the built-in
// model. Quick when little has changed: Ninja knows what it did, the rest takes a moment.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { Failure, main, root, run } from './shell.mjs';
import { forBuilding, need } from './system.mjs';
import { toolchain } from './toolchain.mjs';

/** The builds of the C++, as CMakeLists.txt lists them. */
export const variants = ['simd', 'relaxed'];
/** Where CMake builds them. */
export const wasm = join(root, 'build/wasm');
const dist = join(root, 'dist');
const builtinModel = join(root, 'models/cifar10-vit/model.safetensors');

/** Builds everything; the result lies in `dist/`. */
export function build() {
  need(forBuilding);
  compile();
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(join(dist, 'builtin'), { recursive: true });
  variants.forEach(packVariant);
  bundleEntries();
  run(join(root, 'node_modules/.bin/tsc'), ['--project', 'tsconfig.build.json']);
  copyFileSync(builtinModel, join(dist, 'builtin/model.safetensors'));
}

/** C++ to build/wasm: vit.<variant>.{js,wasm}, or the targets named. */
export function compile(targets = ['all']) {
  const { env, version } = toolchain();
  // CMake holds on to the compiler and the folder it was first called with; with others it has to start afresh.
  const circumstances = [root, version, env.PATH.split(':')[0]].join('\n');
  const remembered = join(wasm, 'circumstances.txt');
  if (!existsSync(remembered) || readFileSync(remembered, 'utf8') !== circumstances) {
    rmSync(wasm, { recursive: true, force: true });
    mkdirSync(wasm, { recursive: true });
    writeFileSync(remembered, circumstances);
  }
  run('emcmake', ['cmake', '-S', root, '-B', wasm, '-G', 'Ninja'], { env, quiet: true });
  run('cmake', ['--build', wasm, '--parallel', String(availableParallelism()), '--target', ...targets], {
    env,
  });
}

/** A variant's glue, its wasm, and the worker with the glue inside, which any server and bundler passes on. */
function packVariant(variant) {
  const glue = join(wasm, `vit.${variant}.js`);
  bundleAlone(glue, `vit.${variant}.js`);
  bundleAlone(join(root, 'web/worker.ts'), `worker.${variant}.js`, { 'vit-wasm-glue': glue });
  copyFileSync(join(wasm, `vit.${variant}.wasm`), join(dist, `vit.${variant}.wasm`));
}

/** Makes one file that imports nothing: esbuild stops at what it cannot take in. */
function bundleAlone(entry, file, alias = {}) {
  // The glue could find its wasm beside itself, but is always handed one. Left in, its `new URL('….wasm',
  // import.meta.url)` would make bundlers ship the wasm a second time.
  const define = { 'import.meta.url': '""' };
  esbuild({ entryPoints: [entry], outfile: join(dist, file), alias, define });
}

/** The two entries and the built-in model's chunk. What they share becomes chunks beside them. */
function bundleEntries() {
  esbuild({
    entryPoints: ['index', 'node', 'builtin'].map((name) => join(root, 'web', `${name}.ts`)),
    outdir: dist,
    splitting: true,
    chunkNames: 'chunk-[hash]',
    external: ['node:*', ...variants.map((variant) => `./vit.${variant}.js`)],
  });
}

/** Bundles for modern browsers and Node; esbuild itself prints what it does not like. */
function esbuild(options) {
  try {
    buildSync({ bundle: true, format: 'esm', target: 'es2022', minify: true, sourcemap: true, ...options });
  } catch (error) {
    throw new Failure(`esbuild: ${error.message}`);
  }
}

await main(import.meta, build);
