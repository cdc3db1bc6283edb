// Damage that nobody thought of: well-formed files changed at random, by seeds, are loaded or refused with a VitError, at
// once. VIT_FUZZ_SECONDS=300 goes on that long instead of trying the first seeds, VIT_FUZZ_SEED=7 begins with that one.
import { expect, it } from '@jest/globals';
import { load, VitError, type ModelLocation } from 'vit-wasm';

import { tinyConfig } from '../web/tiny-checkpoint.js';
import { makeZip, type ArchiveFile } from './archives.js';
import { config, whole } from './malformed/row.js';
import { tinyArrays } from './tiny-npz.js';

const seconds = Number(process.env.VIT_FUZZ_SECONDS ?? 0);
const first = Number(process.env.VIT_FUZZ_SEED ?? 0);
const usual = 400;

/** Milliseconds that a file may take on a busy machine. */
const longest = 5000;

/** Numbers below a limit, the same for the same seed: Mulberry32. */
type Random = (below: number) => number;

function randomOf(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const oneOf = <T>(items: readonly T[], random: Random): T => items[random(items.length)];

/** Numbers at the edges of what readers count in. */
const edges = [0n, 1n, 7n, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 2n ** 53n, 2n ** 63n];
const letters = '0123456789-.eE"\'[]{}(),: <>|fFiuU\0\xff\\/';

const changes: readonly ((bytes: Buffer, at: number, random: Random) => Buffer)[] = [
  (bytes, at, random) => replaced(bytes, at, 1, Buffer.from([bytes[at] ^ (1 << random(8))])),
  (bytes, at, random) => replaced(bytes, at, 1, Buffer.from([random(256)])),
  (bytes, at, random) => replaced(bytes, at, 1, Buffer.from(oneOf([...letters], random), 'latin1')),
  (bytes, at, random) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(oneOf(edges, random));
    const size = oneOf([2, 4, 8], random);
    return replaced(bytes, at, size, number.subarray(0, size));
  },
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, random) => replaced(bytes, at, random(100), Buffer.alloc(0)),
  (bytes, at, random) => replaced(bytes, at, 0, bytes.subarray(at, at + random(100))),
  (bytes, at, random) => replaced(bytes, at, 0, Buffer.from(oneOf([...letters], random).repeat(random(40)))),
];

function replaced(bytes: Buffer, at: number, length: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]);
}

/** One to four changes, most of them near the start or the end, where formats have their headers. */
function damaged(file: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let bytes = Buffer.from(file);
  for (let left = 1 + random(4); left > 0 && bytes.length > 0; left--) {
    const near = Math.min(bytes.length, oneOf([16, 200, 4000, bytes.length], random));
    const at = random(2) ? random(near) : bytes.length - 1 - random(near);
    bytes = oneOf(changes, random)(bytes, at, random) as typeof bytes;
  }
  return Uint8Array.from(bytes);
}

/** One of the files in an archive damaged, and packed as if it were right. */
function damagedInside(files: readonly ArchiveFile[], random: Random): Uint8Array {
  const hit = random(files.length);
  const change = (file: ArchiveFile) => ({ ...file, data: damaged(file.data, random) });
  return makeZip(files.map((file, index) => (index === hit ? change(file) : file)));
}

const arrays = tinyArrays();
const folder: readonly ArchiveFile[] = [
  { name: 'config.json', data: config },
  { name: 'model.safetensors', data: whole },
];
const packed = (files: readonly ArchiveFile[]) => files.map((file) => ({ ...file, deflated: true }));
const archives = [arrays, packed(arrays), folder, packed(folder)];
const large = makeZip(
  arrays.map((file) => ({ ...file, zip64: true })),
  { zip64: true },
);

function makeModel(random: Random): ModelLocation {
  const kinds: readonly (() => ModelLocation)[] = [
    () => ({ weights: damaged(whole, random), config: tinyConfig }),
    () => damaged(makeZip(oneOf(archives, random)), random),
    () => damaged(large, random),
    () => damagedInside(oneOf(archives, random), random),
  ];
  return oneOf(kinds, random)();
}

/** What is wrong with what becomes of a model; undefined when nothing is. */
async function faultOf(seed: number): Promise<string | undefined> {
  const start = performance.now();
  const outcome = await load(makeModel(randomOf(seed))).then(
    (model) => model.dispose(),
    (error: unknown) => error,
  );
  if (performance.now() - start > longest) return `Seed ${seed} takes too long.`;
  if (outcome === undefined || outcome instanceof VitError) return undefined;
  return `Seed ${seed} gives ${outcome instanceof Error ? outcome.stack : 'something else than an error'}`;
}

it(
  'a damaged file is loaded or refused with a VitError',
  async () => {
    const until = performance.now() + 1000 * seconds;
    const faults: string[] = [];
    let seed = first;
    for (; seconds ? performance.now() < until : seed < first + usual; seed++) {
      const fault = await faultOf(seed);
      if (fault) faults.push(fault);
    }
    if (seconds) console.log(`${seed - first} files, of the seeds ${first} to ${seed - 1}.`);
    expect(faults).toEqual([]);
  },
  1000 * seconds + 60_000,
);
