import { VitError } from '../errors.js';
import type { Instructions, Variant } from '../types.js';

/** The builds of the engine with one thread, the fastest first. Each has a twin with threads. */
export const variants: readonly Instructions[] = ['relaxed', 'simd'];

// The smallest module whose only function, () → v128, uses the instruction in question.
const splatZero = [0x41, 0, 0xfd, 15]; // i32.const 0, i8x16.splat
const probes: Record<Instructions, Uint8Array<ArrayBuffer>> = {
  // f32x4.relaxed_madd
  relaxed: moduleOf([...splatZero, ...splatZero, ...splatZero, 0xfd, 0x85, 0x02]),
  // i8x16.popcnt: came with the last revision of SIMD128
  simd: moduleOf([...splatZero, 0xfd, 0x62]),
};

function moduleOf(instructions: readonly number[]): Uint8Array<ArrayBuffer> {
  const body = [0, ...instructions, 0x0b]; // no locals … end
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]; // "\0asm", version 1
  const types = [1, 5, 1, 0x60, 0, 1, 0x7b]; // one: () → v128
  const functions = [3, 2, 1, 0]; // one, of type 0
  const code = [10, body.length + 2, 1, body.length, ...body];
  return new Uint8Array([...header, ...types, ...functions, ...code]);
}

/**
 * Whether this browser's WebAssembly can run the engine: any build of it, or the one that is named. Browsers have been
 * able to since 2021 (Chrome 91, Firefox 89) and 2023 (Safari 16.4), unless a lockdown mode turns WebAssembly off.
 *
 * @example
 * ```ts
 * if (!isSupported()) throw new Error('Please update your browser.');
 * ```
 */
export function isSupported(variant: Variant = 'simd'): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(probes[instructionsOf(variant)]);
}

/** The build with one thread of a build. */
export function instructionsOf(variant: Variant): Instructions {
  return variant.replace('-threads', '') as Instructions;
}

/**
 * The build to run: the forced one, or else the fastest that runs here; its twin with threads where there are to be
 * several. Throws when there is none.
 */
export function chooseVariant(forced?: Variant, threads = 1): Variant {
  const chosen = (forced ? [forced] : variants).find(isSupported);
  if (chosen) return threads > 1 ? `${instructionsOf(chosen)}-threads` : chosen;
  throw new VitError(
    'no-simd',
    forced && isSupported('simd')
      ? `This browser's WebAssembly cannot run the "${forced}" build; leave out the option to get the fastest build it can run.`
      : 'This browser has no WebAssembly SIMD, which the engine needs; update the browser, ' +
          'or turn WebAssembly on if a lockdown mode turned it off.',
  );
}
