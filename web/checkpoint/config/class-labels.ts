// config.json → the labels of the classes. (What it says about the network is read in families/.)
import { VitError } from '../../errors.js';
import { defaultLabel } from '../../labels.js';
import { isJsonObject, JsonFields, type JsonObject } from '../files/json.js';

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
  // Without a head there is nothing to name.
  if (classes === 0) return [];
  const fields = new JsonFields(config, file, 'config');
  const names = namesIn(fields);
  if (names === undefined) return Array.from({ length: classes }, (_, index) => defaultLabel(index));
  const count = Object.keys(names.byNumber).length;
  if (count !== classes) {
    throw fields.error(
      `names ${count} classes in ${names.field}, but the model has ${classes}; pass \`labels\` to name them yourself`,
    );
  }
  return Array.from({ length: classes }, (_, index) => {
    const name = names.byNumber[String(index)];
    return typeof name === 'string' ? name : defaultLabel(index);
  });
}

/** Names by the number of their class. */
interface ClassNames {
  readonly field: string;
  readonly byNumber: JsonObject;
}

function namesIn(fields: JsonFields): ClassNames | undefined {
  const names = fields.get('id2label');
  if (names === undefined) return timmNames(fields) ?? timmNames(fields.object('pretrained_cfg'));
  if (isJsonObject(names)) return { field: 'id2label', byNumber: names };
  throw fields.error('has an id2label that is not an object of class numbers and names');
}

/** timm's `label_names`, a list or by number, each put into words by `label_descriptions` where they have it. */
function timmNames(fields: JsonFields | undefined): ClassNames | undefined {
  const names = fields?.get('label_names');
  if (!fields || names === undefined) return undefined;
  if (!isJsonObject(names) && !Array.isArray(names)) {
    throw fields.error('has a label_names that is neither a list nor an object of class numbers and names');
  }
  const descriptions = fields.get('label_descriptions');
  const words = isJsonObject(descriptions) ? descriptions : {};
  const named = Object.entries(names).map(([number, name]: [string, unknown]) => [
    number,
    (typeof name === 'string' && Object.hasOwn(words, name) ? words[name] : undefined) ?? name,
  ]);
  return { field: 'label_names', byNumber: Object.fromEntries(named) as JsonObject };
}
