import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { Engine } from '../web/engine/engine.js';
import { instantiate, type Bindings, type Glue } from '../web/engine/bindings.js';
import { variants } from '../web/engine/variant.js';
import type { Variant } from '../web/types.js';

export { variants };

const dist = new URL('../dist/', import.meta.url);
const compiled = new Map<Variant, Promise<WebAssembly.Module>>();

/** A fresh instance of a built variant, with a memory of its own. The module is compiled once per test file. */
export async function startBindings(variant: Variant): Promise<Bindings> {
  const { default: glue } = (await import(new URL(`vit.${variant}.js`, dist).href)) as { default: Glue };
  let module = compiled.get(variant);
  if (!module) {
    module = readFile(new URL(`vit.${variant}.wasm`, dist)).then((bytes) => WebAssembly.compile(bytes));
    compiled.set(variant, module);
  }
  return instantiate(glue, await module);
}

export async function createEngine(variant: Variant): Promise<Engine> {
  return new Engine(await startBindings(variant));
}

/** SHA-256 of the values' bytes: equal exactly when every bit is. */
export function hashOf(values: ArrayBufferView): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}
