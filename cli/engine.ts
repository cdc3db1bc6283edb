import { Engine } from '../web/engine.js';
import { instantiate } from '../web/module.js';
import { node } from '../web/node-platform.js';
import { chooseVariant } from '../web/variant.js';

/** An engine of the fastest build, with no model in it yet. */
export async function startEngine(): Promise<Engine> {
  const variant = chooseVariant();
  const module = await node.compile(variant, undefined, undefined);
  return new Engine(await instantiate(await node.glue(variant), module));
}
