// Fuzzing on demand. Of the loading in TypeScript, with a WebAssembly engine behind it, by a mutator that knows what a
// model is:
//
//   npm run fuzz -- --seconds 600 --seed 7
//   npm run fuzz -- --count 1000000
//
// and of everything in C++ that takes sizes or bytes, by libFuzzer with the address and undefined-behavior sanitizers;
// it needs clang and its fuzzer's library (Debian: clang, libclang-rt-14-dev, libfuzzer-14-dev):
//
//   npm run fuzz -- --native model --seconds 600
//   npm run fuzz -- --native picture --seconds 600
//   npm run fuzz -- --native regression --seconds 600
//
// A fault is printed, and the input that caused it is kept in build/fuzz.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { build } from './build.mjs';
import { Failure, main, root, run, which } from './shell.mjs';

const folder = join(root, 'build/fuzz');

function loading(args) {
  build();
  const program = join(folder, 'main.mjs');
  buildSync({
    entryPoints: [join(root, 'tests/fuzz/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  const places = ['--fixtures', 'tests/golden/fixtures', '--dist', 'dist', '--keep', 'build/fuzz/faults'];
  run(process.execPath, [program, ...places, ...args]);
}

const sanitizers = 'address,undefined,float-cast-overflow';
const flags = [
  ...[
    '-std=c++20',
    '-O2',
    '-g',
    '-ffp-contract=off',
    '-pthread',
    '-DVIT_THREADS',
    '-fno-sanitize-recover=all',
  ],
  `-fsanitize=fuzzer,${sanitizers}`,
];

function native(name, { seconds = 60 }) {
  if (!which('clang++')) throw new Failure('libFuzzer comes with clang, which is not installed.');
  const library = ['cpp', 'cpp/kernels', 'cpp/swin'].flatMap((place) =>
    readdirSync(join(root, place))
      .filter((file) => /\.cpp$/.test(file) && !/^(bindings|reference)\.cpp$/.test(file))
      .map((file) => join(root, place, file)),
  );
  const program = join(folder, `${name}_fuzzer`);
  const corpus = join(folder, `corpus-${name}`);
  mkdirSync(corpus, { recursive: true });
  const target = join(root, `tests/fuzz/native/${name}_fuzzer.cpp`);
  run('clang++', [...flags, target, ...library, '-o', program]);
  const limits = [`-max_total_time=${seconds}`, '-max_len=4096', '-print_final_stats=1', '-timeout=30'];
  run(program, [corpus, `-artifact_prefix=${folder}/`, ...limits], {
    env: { ASAN_OPTIONS: 'quarantine_size_mb=8' },
  });
}

await main(import.meta, () => {
  mkdirSync(folder, { recursive: true });
  const args = process.argv.slice(2);
  const at = args.indexOf('--native');
  if (at < 0) return loading(args);
  const seconds = args.indexOf('--seconds');
  native(args[at + 1] ?? 'model', seconds < 0 ? {} : { seconds: Number(args[seconds + 1]) });
});
