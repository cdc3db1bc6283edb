import { openFile } from './checkpoint/source.js';
import { compileUrl, moduleGiven } from './compile.js';
import { messageOf, VitError } from './errors.js';
import type { Platform } from './platform.js';
import type { Variant } from './types.js';

// Written out one by one, because bundlers look for these very words.
const wasmUrls: Record<Variant, () => URL> = {
  relaxed: () => new URL('./vit.relaxed.wasm', import.meta.url),
  simd: () => new URL('./vit.simd.wasm', import.meta.url),
};
const workers: Record<Variant, () => Worker> = {
  relaxed: () => new Worker(new URL('./worker.relaxed.js', import.meta.url), { type: 'module' }),
  simd: () => new Worker(new URL('./worker.simd.js', import.meta.url), { type: 'module' }),
};
const glues = {
  relaxed: () => import('./vit.relaxed.js'),
  simd: () => import('./vit.simd.js'),
};

/** A page, or a worker of the page's own. */
export const browser: Platform = {
  open: openFile,

  locate: (place) => ({ kind: 'url', url: new URL(place, pageAddress()).href }),

  async compile(variant, override, signal) {
    const given = await moduleGiven(override);
    if (given) return given;
    const url = override?.url ? new URL(override.url, pageAddress()) : wasmUrls[variant]();
    return await compileUrl(url.href, signal);
  },

  async glue(variant) {
    return (await glues[variant]()).default;
  },

  spawn(variant, url) {
    try {
      const worker = url ? new Worker(new URL(url, pageAddress()), { type: 'module' }) : workers[variant]();
      return worker;
    } catch (error) {
      throw new VitError(
        'worker',
        `The model's worker could not be started (${messageOf(error)}); say where its script is on this origin with ` +
          '`worker: { url }`, or do without it with `worker: false`.',
        { cause: error },
      );
    }
  },
};

function pageAddress(): string {
  return typeof document === 'object' ? document.baseURI : self.location.href;
}
