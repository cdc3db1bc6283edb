import { Engine } from '../web/engine/engine.js';
import { instantiate, type Bindings } from '../web/engine/bindings.js';
import { node } from '../web/platform/node-platform.js';
import { chooseVariant, instructionsOf } from '../web/engine/variant.js';

/** The fastest build of the engine's module. */
export async function startBindings(): Promise<Bindings> {
  const variant = instructionsOf(chooseVariant());
  const module = await node.compile(variant, undefined, undefined);
  return await instantiate(await node.glue(variant), module);
}

/** An engine with no model in it yet. */
export async function startEngine(): Promise<Engine> {
  return new Engine(await startBindings());
}
