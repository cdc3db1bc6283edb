// Classes in words: the tokenizer, the text encoder and the vectors of labels, each of which is a file from somewhere.
import { Model } from '../../web/model.js';
import type { LabelVectors, Prediction } from '../../web/types.js';
import { codeOf, Fault, filesOf, sessionOf, type Subject } from './execute.js';
import type { JsonObject } from './models.js';
import { changeObject } from './mutate.js';
import type { Random } from './random.js';
import { runnerOf } from './runner.js';

const labels = [
  'a cat',
  'Straße, 2×!',
  '',
  '犬',
  "it's",
  'ΣΑΣ',
  '\ud800',
  '\u0000',
  '<|endoftext|></s>',
  'a'.repeat(400),
];
const templates = ['{}', 'a photo of {}.', '{}{}{}{}'];
const vectorFields = [
  'format',
  'labels',
  'scale',
  'bias',
  'probabilities',
  'vectors',
  'weights',
  'template',
  'model',
];
const picture = { data: new Uint8Array(4 * 9 * 7).map((_, at) => (37 * at) & 255), width: 9, height: 7 };

/** Gives a model classes in words, and vectors of labels that were changed on the way. */
export async function speak(subject: Subject): Promise<void> {
  const { packed, random, files } = subject;
  const session = await sessionOf(subject);
  const model = new Model(runnerOf(session), undefined, {
    files: filesOf(packed),
    info: session.info,
    open: files.opener,
    checked: (open) => open,
    store: () => undefined,
    stallTimeout: undefined,
    keep: random.oneIn(2),
    start: async (tokens) => runnerOf(await sessionOf(subject, tokens)),
  });
  try {
    const vectors = await model.setLabels(someOf(labels, random), { template: random.pick(templates) });
    checkAnswer(await model.classify(picture, { topK: 100 }), vectors.labels.length);
    const embeddings = await model.embedText(someOf(labels, random), { normalize: random.oneIn(2) });
    if (!embeddings.every((one) => one.every(Number.isFinite))) throw new Fault('embeddings are not finite');
    const changed = JSON.parse(JSON.stringify(vectors)) as JsonObject;
    changeObject(changed, vectorFields, random);
    const kept = await model.setLabels(changed as unknown as LabelVectors).catch(codeOf);
    const count = typeof kept === 'string' ? vectors.labels.length : kept.labels.length;
    const answer = await model.classify(picture, { topK: 100 }).catch(codeOf);
    if (typeof answer !== 'string') checkAnswer(answer, count);
  } finally {
    model.dispose();
  }
}

function someOf<T>(list: readonly T[], random: Random): T[] {
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(list));
}

export function checkAnswer(predictions: readonly Prediction[], count: number): void {
  if (predictions.length !== count) throw new Fault(`${predictions.length} of ${count} classes`);
  if (!predictions.every(({ probability: p }) => p >= 0 && p <= 1))
    throw new Fault('probabilities that are none');
}
