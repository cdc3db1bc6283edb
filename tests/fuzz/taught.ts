// Classifiers of one's own classes, as they were saved: JSON from somewhere, for a model that is as it should be.
import type { Engine } from '../../web/engine/engine.js';
import { fewShotFromJSON } from '../../web/few-shot.js';
import { Model } from '../../web/model.js';
import { toBase64 } from '../../web/platform/base64.js';
import { floatsFrom } from '../../web/teach/encoding.js';
import { safetensors } from '../web/tiny-checkpoint.js';
import { CountedFiles } from './counted-files.js';
import { codeOf, Fault, sessionOf, type Subject } from './execute.js';
import type { JsonObject, Parts } from './models.js';
import { changeObject } from './mutate.js';
import { randomOf, type Random } from './random.js';
import { runnerOf } from './runner.js';
import { checkAnswer } from './words.js';

/** A model, and classifiers made with it. */
export interface School {
  readonly model: Model;
  readonly saved: readonly JsonObject[];
}

const pictureOf = (shade: number) => ({
  data: new Uint8Array(4 * 8 * 8).map((_, at) => (shade * at) & 255),
  width: 8,
  height: 8,
});

/** Teaches the model by every method. */
export async function school(
  { config, preprocessor, tensors }: Parts,
  start: () => Promise<Engine>,
): Promise<School> {
  const json = (object: JsonObject | undefined) => new TextEncoder().encode(JSON.stringify(object));
  const packed = {
    files: {
      'config.json': json(config),
      'preprocessor_config.json': json(preprocessor),
      'model.safetensors': safetensors(tensors),
    },
    weights: 'model.safetensors',
  };
  const session = await sessionOf({ packed, random: randomOf(1), files: new CountedFiles(), start });
  const model = new Model(runnerOf(session));
  const saved: JsonObject[] = [];
  for (const method of ['logistic', 'prototype', 'knn'] as const) {
    const taught = model.fewShot({ method, neighbors: 2 });
    await taught.add('dark', [3, 5, 7].map(pictureOf));
    await taught.add('light', [90, 120].map(pictureOf));
    saved.push(JSON.parse(JSON.stringify(taught.toJSON())) as JsonObject);
    await taught.train();
    saved.push(JSON.parse(JSON.stringify(taught.toJSON())) as JsonObject);
  }
  return { model, saved };
}

const fields = [
  'version',
  'backbone',
  'method',
  'pool',
  'l2',
  'neighbors',
  'labels',
  'examples',
  'weights',
  'fingerprint',
];

/** Restores a classifier that was changed, uses it and has it learn more. */
export async function learn({ model, saved }: School, random: Random): Promise<void> {
  const json = structuredClone(random.pick(saved));
  for (let left = random.below(3); left > 0; left--) {
    if (random.oneIn(2)) changeObject(json, fields, random);
    else changeNumbers(json, random);
  }
  const taught = await fewShotFromJSON(model, random.oneIn(4) ? JSON.stringify(json) : json);
  const tried = async (work: () => Promise<unknown>) => await work().catch(codeOf);
  const classify = async () =>
    checkAnswer(await taught.classify(pictureOf(random.below(200)), { topK: 100 }), taught.labels.length);
  await tried(classify);
  if (random.oneIn(2)) {
    const shades = Array.from({ length: 1 + random.below(3) }, () => random.below(256));
    await tried(() => taught.add(random.pick(['dark', 'new', '__proto__']), shades.map(pictureOf)));
    await tried(() => taught.train());
    await tried(classify);
  }
  if (random.oneIn(4)) {
    const evaluation = await taught.evaluate().catch(codeOf);
    if (typeof evaluation !== 'string' && !(evaluation.accuracy >= 0 && evaluation.accuracy <= 1))
      throw new Fault(`an accuracy of ${evaluation.accuracy}`);
  }
  await tried(async () => await fewShotFromJSON(model, JSON.parse(JSON.stringify(taught.toJSON()))));
}

/** Changes a value inside the base64 of a field. */
function changeNumbers(json: JsonObject, random: Random): void {
  const { examples, backbone } = json;
  const change = (text: unknown) => {
    if (typeof text !== 'string') return text as string;
    try {
      const values = floatsFrom(text);
      values[random.below(values.length)] = random.pick([NaN, Infinity, 3e38, -3e38, 1e-45, 0, 1]);
      return toBase64(values);
    } catch {
      return text; // changed before
    }
  };
  if (Array.isArray(examples) && examples.length > 0) {
    const at = random.below(examples.length);
    examples[at] = change(examples[at]);
  } else if (typeof backbone === 'object' && backbone !== null && 'fingerprint' in backbone) {
    backbone['fingerprint'] = change(backbone['fingerprint']);
  }
}

/** The same as an execution. */
export const teach = (taught: School) => (subject: Subject) => learn(taught, subject.random);
