import { Engine } from '../web/engine.js';
import { instantiate, type Bindings } from '../web/module.js';
import { node } from '../web/node-platform.js';
import { chooseVariant, instructionsOf } from '../web/variant.js';

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
