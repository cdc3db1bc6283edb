// Code that few models need (rare.ts), loaded on demand by a worker as a separate script. The script is not a module,
// so that every bundler and minifier passes it on unchanged; it leaves its exports in the worker's global scope.
import { messageOf, VitError } from '../errors.js';
import type { Rare } from './session-request.js';

/** The property of the global scope. */
export const place = 'vitWasmRare';

/** Runs the script, which has classes of its own: its errors are recognized by `isVitError`, not by `instanceof`. */
export async function fetchRare(address = 'worker.rare.js'): Promise<Rare> {
  const scope = self as { [place]?: Rare };
  let why = 'it is another file';
  try {
    if (!scope[place]) await import(address);
    if (scope[place]) return scope[place];
  } catch (error) {
    why = messageOf(error);
  }
  throw new VitError(
    'worker',
    `This model needs ${address}, which could not be loaded (${why}); serve it beside the worker's script.`,
  );
}
