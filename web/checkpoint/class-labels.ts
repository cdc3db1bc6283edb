// config.json → the labels of the classes. (What it says of the network is the families' matter: families/.)
import { VitError } from '../errors.js';
import { defaultLabel } from '../labels.js';
import { isJsonObject, JsonFields, type JsonObject } from './json.js';

/** The names of `classes` classes: those given, or the config's `id2label`, or `class 7`. */
export function labelsOf(
  config: JsonObject,
  classes: number,
  given: readonly string[] | undefined,
  file: string,
): string[] {
  if (given) {
    if (given.length === classes) return [...given];
    throw new VitError(
      'invalid-argument',
      `${given.length} labels were given, but the model has ${classes} classes.`,
    );
  }
  // Without a head the names would be of nothing.
  if (classes === 0) return [];
  const names = config['id2label'] ?? undefined;
  if (names === undefined) return Array.from({ length: classes }, (_, index) => defaultLabel(index));
  const fields = new JsonFields(config, file, 'config');
  if (!isJsonObject(names))
    throw fields.error('has an id2label that is not an object of class numbers and names');
  const count = Object.keys(names).length;
  if (count !== classes) {
    throw fields.error(
      `names ${count} classes in id2label, but the model has ${classes}; pass \`labels\` to name them yourself`,
    );
  }
  return Array.from({ length: classes }, (_, index) => {
    const name = names[String(index)];
    return typeof name === 'string' ? name : defaultLabel(index);
  });
}
