// Compiles kernels.cpp with the library's own kernels and flags: build/bench/kernels/<variant>.wasm.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../scripts/shell.mjs';
import { toolchain } from '../../scripts/toolchain.mjs';
import { workshop } from '../models/checkpoint.mjs';

const variants = {
  simd: ['-msimd128'],
  relaxed: ['-msimd128', '-mrelaxed-simd'],
};
// A module of exports only, with memory that is there from the start.
const flags =
  '-std=c++20 -O3 -ffp-contract=off -fno-exceptions -sSTANDALONE_WASM --no-entry -sINITIAL_MEMORY=32MB';

/** Returns the folder of the compiled files. */
export function buildKernels() {
  const { env } = toolchain();
  const folder = join(workshop, 'kernels');
  mkdirSync(folder, { recursive: true });
  const kernels = readdirSync(join(root, 'cpp/kernels')).filter((name) => /(?<!reference)\.cpp$/.test(name));
  const sources = ['bench/kernels/kernels.cpp', ...kernels.map((name) => `cpp/kernels/${name}`)];
  for (const [variant, instructions] of Object.entries(variants)) {
    const out = ['-o', join(folder, `${variant}.wasm`)];
    run('emcc', [...flags.split(' '), ...instructions, '-Icpp', ...sources, ...out], { env });
  }
  return folder;
}
