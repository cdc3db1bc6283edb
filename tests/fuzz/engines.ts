import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Engine } from '../../web/engine/engine.js';
import { instantiate, type Bindings, type Glue } from '../../web/engine/bindings.js';

/** An instance that has grown beyond this is replaced: its memory never shrinks. */
const largestInstance = 256 << 20;

/** Makes engines that share an instance of the plain variant, which is most of what an engine costs. */
export async function engines(dist: string): Promise<() => Promise<Engine>> {
  const { default: glue } = (await import(pathToFileURL(join(dist, 'vit.simd.js')).href)) as {
    default: Glue;
  };
  const module = await WebAssembly.compile(await readFile(join(dist, 'vit.simd.wasm')));
  let bindings: Bindings | undefined;
  return async () => {
    if (!bindings || bindings.HEAPU8.length > largestInstance) bindings = await instantiate(glue, module);
    return new Engine(bindings);
  };
}
