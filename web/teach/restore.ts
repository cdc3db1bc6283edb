// A classifier from the JSON it was saved as, for the model it was made with.
import { VitError } from '../errors.js';
import { shown } from '../shown.js';
import type { FewShotJSON } from '../types.js';
import type { Backbone } from './backbone.js';
import { doublesFrom, floatsFrom } from './encoding.js';
import { areAlike, fingerprintOf } from './fingerprint.js';
import { Teacher } from './teacher.js';

export async function restore(model: Backbone, json: unknown): Promise<Teacher> {
  const saved = parse(json);
  const { version, backbone, method, pool, l2, neighbors } = saved;
  const teacher = new Teacher(model, { method, pool, l2, neighbors });
  const fingerprint = await fingerprintOf(model, pool, version);
  const precision = backbone.dtype === model.info.dtype ? 'same' : 'other';
  if (!areAlike(fingerprint, saved.fingerprint, precision)) {
    throw new VitError(
      'invalid-argument',
      `This classifier was made with another model (${backbone.modelType}, embeddings of ${backbone.width} values), or ` +
        `with other preprocessing, than this ${model.info.modelType} of ${fingerprint.length}; load that one.`,
    );
  }
  teacher.take(saved.classes, await fingerprintOf(model, pool));
  if (saved.weights)
    teacher.restore({ labels: teacher.labels, examples: teacher.examples(), weights: saved.weights });
  else if (method === 'knn' && saved.classes.size > 1) await teacher.train({});
  return teacher;
}

/** The JSON, with its numbers decoded and everything checked. */
function parse(json: unknown) {
  if (typeof json === 'string') return decode(parseText(json));
  return decode(json);
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw damaged('it is not JSON', error);
  }
}

function decode(json: unknown) {
  const saved = (typeof json === 'object' && json !== null ? json : {}) as Partial<FewShotJSON>;
  const { version } = saved;
  if (version !== 1 && version !== 2) {
    throw damaged(`its version is ${shown(version)}, and this version of vit-wasm reads versions 1 and 2`);
  }
  const { backbone, method, pool, l2, neighbors, labels, examples, weights } = saved;
  const width = backbone?.width;
  if (typeof width !== 'number' || typeof backbone?.modelType !== 'string')
    throw damaged('its backbone is missing');
  if (!isStrings(labels) || !isStrings(examples) || labels.length !== examples.length) {
    throw damaged('its labels and examples do not fit');
  }
  if (new Set(labels).size < labels.length || labels.includes('')) throw damaged('its labels are not unique');
  const fingerprint = numbers('fingerprint', backbone.fingerprint, floatsFrom);
  if (fingerprint.length !== width) throw damaged(`its fingerprint does not have ${width} values`);
  const classes = new Map(
    labels.map((label, k) => {
      const rows = numbers('examples', examples[k], floatsFrom);
      if (rows.length === 0 || rows.length % width !== 0) {
        throw damaged(`the examples of ${shown(label)} are not rows of ${width} values`);
      }
      const count = rows.length / width;
      return [label, Array.from({ length: count }, (_, row) => rows.slice(row * width, (row + 1) * width))];
    }),
  );
  const trained = weights === undefined ? undefined : numbers('weights', weights, doublesFrom);
  if (trained && (trained.length !== labels.length * (width + 1) || labels.length < 2)) {
    throw damaged('its weights do not fit its classes');
  }
  return { version, backbone, method, pool, l2, neighbors, fingerprint, classes, weights: trained };
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function numbers<T extends Float32Array | Float64Array>(
  name: string,
  text: unknown,
  from: (text: string) => T,
): T {
  if (typeof text !== 'string') throw damaged(`its ${name} are missing`);
  let values: T;
  try {
    values = from(text);
  } catch (error) {
    throw damaged(`its ${name} are not base64 of whole numbers`, error);
  }
  if (!values.every(Number.isFinite)) throw damaged(`its ${name} are infinite or NaN`);
  return values;
}

function damaged(what: string, cause?: unknown): VitError {
  return new VitError('invalid-argument', `This is not a classifier saved by toJSON(): ${what}.`, { cause });
}
