// Builds `dist/`, the contents of the package: C++ to wasm, TypeScript to ES modules and declarations, and the built-in
// model. Quick when little has changed: Ninja compiles only that, and the rest takes a moment.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { Failure, main, root, run } from './shell.mjs';
import { forBuilding, need } from './system.mjs';
import { toolchain } from './toolchain.mjs';

/** The builds of the C++, as CMakeLists.txt lists them. */
export const variants = ['simd', 'relaxed', 'simd-threads', 'relaxed-threads'];
const hasThreads = (variant) => variant.endsWith('-threads');
/** A preset of CMakePresets.json to build them by: `VIT_PRESET=safe-heap npm test -- stages`. */
const preset = process.env.VIT_PRESET;
/** Where CMake builds them. */
export const wasm = join(root, preset ? `build/wasm-${preset}` : 'build/wasm');
const dist = join(root, 'dist');
/** Files that are embedded in others, compressed and in base64. */
const packed = join(root, 'build/packed');
const builtinModel = join(root, 'models/tinyimagenet-vit');

/** Builds everything into `dist/`. */
export function build() {
  need(forBuilding);
  compile();
  rmSync(dist, { recursive: true, force: true });
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  variants.forEach(packVariant);
  bundleAlone(source('worker-rare'), 'worker.rare.js', { format: 'iife' });
  bundleEntries();
  bundleComponents();
  bundleInlined();
  run(join(root, 'node_modules/.bin/tsc'), ['--project', 'tsconfig.build.json']);
  keepDeclarations(['index', 'inline', 'builtin', 'features', 'element', 'react']);
  // Its code is part of a file of dist/, under its own license.
  copyFileSync(join(root, 'node_modules/@huggingface/tokenizers/LICENSE'), join(dist, 'tokenizers.LICENSE'));
  cpSync(builtinModel, join(dist, 'builtin'), { recursive: true, filter: isModelFile });
}

/** C++ to build/wasm: vit.<variant>.{js,wasm}, or the targets named. */
export function compile(targets = ['all']) {
  const { env, version } = toolchain();
  // CMake remembers the compiler and the folder it was first called with; with others it has to start afresh.
  const circumstances = [root, version, env.PATH.split(':')[0]].join('\n');
  const remembered = join(wasm, 'circumstances.txt');
  if (!existsSync(remembered) || readFileSync(remembered, 'utf8') !== circumstances) {
    rmSync(wasm, { recursive: true, force: true });
    mkdirSync(wasm, { recursive: true });
    writeFileSync(remembered, circumstances);
  }
  const options = preset ? ['--preset', preset] : ['-G', 'Ninja'];
  run('emcmake', ['cmake', '-S', root, '-B', wasm, ...options], { env, quiet: true });
  run('cmake', ['--build', wasm, '--parallel', String(availableParallelism()), '--target', ...targets], {
    env,
  });
}

/**
 * A variant's wasm, and the worker with the glue inside, which any server and bundler passes on. Those with one thread
 * also run without the worker, by their glue, and go into the entries that have everything inside.
 */
function packVariant(variant) {
  const glue = join(wasm, `vit.${variant}.js`);
  // Not a module, so that every minifier takes it as it is.
  const worker = `worker.${variant}.js`;
  const inside = hasThreads(variant) ? selfStarting(glue, variant) : glue;
  const script = { format: 'iife', alias: { 'vit-wasm-glue': inside } };
  bundleAlone(source('worker'), worker, script);
  copyFileSync(join(wasm, `vit.${variant}.wasm`), join(dist, `vit.${variant}.wasm`));
  if (hasThreads(variant)) return;
  bundleAlone(glue, `vit.${variant}.js`);
  const whole = join(packed, worker);
  esbuild({
    entryPoints: [source('worker-whole')],
    outfile: whole,
    ...withoutAddress,
    ...script,
    sourcemap: false,
  });
  for (const path of [join(dist, `vit.${variant}.wasm`), whole]) {
    writeFileSync(join(packed, `${basename(path)}.gz`), gzipSync(readFileSync(path), { level: 9 }));
  }
}

/**
 * The glue with its threads' workers started from the file that it is bundled into, wherever that is: the
 * address Emscripten writes is a static one that bundlers follow, and fail at.
 */
function selfStarting(glue, variant) {
  const address = `new URL("vit.${variant}.js",import.meta.url)`;
  const parts = readFileSync(glue, 'utf8').split(address);
  if (parts.length !== 2) {
    throw new Failure(`${glue} does not start its threads' workers the way this script knows: ${address}.`);
  }
  const path = join(wasm, `self-starting.${variant}.js`);
  writeFileSync(path, parts.join('self.location.href'));
  return path;
}

/** Makes one file that imports nothing: esbuild fails at what it cannot include. */
function bundleAlone(entry, file, options = {}) {
  esbuild({ entryPoints: [entry], outfile: join(dist, file), ...withoutAddress, ...options });
}

/**
 * The glue could find its wasm beside itself, but is always handed one. Left in, its `new URL('….wasm',
 * import.meta.url)` would make bundlers ship the wasm a second time.
 */
const withoutAddress = { define: { 'import.meta.url': '""' } };

/**
 * The entries that find the package's files beside them, and the command line. What a group shares becomes chunks; the
 * page's entry is a group of its own, because what it shared with others would be split into many small files.
 */
function bundleEntries() {
  const groups = [
    { index: source('index') },
    { node: source('node'), cli: join(root, 'cli/main.ts') },
    { features: source('features') },
  ];
  for (const entryPoints of groups) {
    esbuild({
      entryPoints,
      outdir: dist,
      splitting: true,
      chunkNames: 'chunk-[hash]',
      external: ['node:*', '@jsquash/*', './vit.simd.js', './vit.relaxed.js'],
    });
  }
}

/** The element and the hook, which import the main entry beside them. */
function bundleComponents() {
  bundleAlone(source('element'), 'element.js', { external: ['./index.js'] });
  bundleAlone(source('react'), 'react.js', { external: ['./index.js', 'react'] });
}

/** The entries that have everything inside: one file each, which imports nothing but the built-in model. */
function bundleInlined() {
  const inside = {
    alias: { 'vit-wasm-packed': packed, 'vit-wasm-glues': wasm },
    loader: { '.gz': 'base64', '.safetensors': 'base64' },
    external: ['./builtin.js'],
  };
  bundleAlone(source('builtin'), 'builtin.js', inside);
  bundleAlone(source('inline'), 'inline.js', inside);
  bundleAlone(source('global'), 'global.js', { ...inside, format: 'iife', globalName: 'vitWasm' });
}

const source = (name) => join(root, 'web', `${name}.ts`);

/** Deletes the declarations that those of the entries do not import. */
function keepDeclarations(names) {
  const kept = new Set();
  const keep = (path) => {
    if (kept.has(path)) return;
    kept.add(path);
    for (const [, name] of readFileSync(path, 'utf8').matchAll(/(?:from |import\()'(\.[^']*)\.js'/g)) {
      keep(join(dirname(path), `${name}.d.ts`));
    }
  };
  for (const name of names) keep(join(dist, `${name}.d.ts`));
  for (const name of readdirSync(dist, { recursive: true })) {
    const path = join(dist, name);
    if (name.endsWith('.d.ts') && !kept.has(path)) rmSync(path);
  }
  removeEmptyFolders(dist);
}

function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    removeEmptyFolders(path);
    if (readdirSync(path).length === 0) rmdirSync(path);
  }
}

function isModelFile(path) {
  return path === builtinModel || /\.(json|safetensors)$/.test(path);
}

/** Bundles for modern browsers and Node; esbuild prints its own errors and warnings. */
function esbuild(options) {
  try {
    buildSync({ bundle: true, format: 'esm', target: 'es2022', minify: true, sourcemap: true, ...options });
  } catch (error) {
    throw new Failure(`esbuild: ${error.message}`);
  }
}

await main(import.meta, build);
