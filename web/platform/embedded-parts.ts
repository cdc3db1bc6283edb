import relaxedGlue from 'vit-wasm-glues/vit.relaxed.js';
import simdGlue from 'vit-wasm-glues/vit.simd.js';
import relaxedWasm from 'vit-wasm-packed/vit.relaxed.wasm.gz';
import simdWasm from 'vit-wasm-packed/vit.simd.wasm.gz';
import relaxedWorker from 'vit-wasm-packed/worker.relaxed.js.gz';
import simdWorker from 'vit-wasm-packed/worker.simd.js.gz';
import { fromBase64 } from './base64.js';
import { compileBytes, compiledOnce } from '../engine/compile.js';
import type { Glue } from '../engine/bindings.js';
import type { Parts } from './platform.js';
import type { Instructions, Variant } from '../types.js';

/** Each build with one thread, its files compressed by gzip and written in base64. */
const packed: Record<Instructions, { wasm: string; worker: string; glue: Glue }> = {
  relaxed: { wasm: relaxedWasm, worker: relaxedWorker, glue: relaxedGlue },
  simd: { wasm: simdWasm, worker: simdWorker, glue: simdGlue },
};

/** Addresses of the workers' scripts. Never revoked, because a worker may start others from its own address. */
const scripts: Partial<Record<Variant, Promise<string>>> = {};

/** The package's parts, embedded in the script: nothing is fetched. */
export const embeddedParts: Omit<Parts, 'builtin'> = {
  threadsObstacle: 'this entry of vit-wasm does not contain the builds with threads',
  wasm(variant) {
    const name = `vit.${variant}.wasm`;
    return compiledOnce(name, async () => await compileBytes(await unpack(partsOf(variant).wasm), name));
  },
  worker: (variant) => (scripts[variant] ??= makeScript(partsOf(variant).worker)),
  glue: (variant) => Promise.resolve(packed[variant].glue),
};

/** Only builds with one thread are chosen, because of `threadsObstacle`. */
const partsOf = (variant: Variant) => packed[variant as Instructions];

async function makeScript(worker: string): Promise<string> {
  return URL.createObjectURL(new Blob([await unpack(worker)], { type: 'text/javascript' }));
}

async function unpack(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([fromBase64(text)]).stream();
  const unpacked = new Response(packed.pipeThrough(new DecompressionStream('gzip')));
  return new Uint8Array(await unpacked.arrayBuffer());
}
