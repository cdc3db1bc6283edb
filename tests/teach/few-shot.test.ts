// Classifiers of one's own classes, on a tiny model: against scikit-learn (tests/golden/few_shot.py), and everything that is
// refused. Through a worker: tests/browser/teach.test.ts.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  fewShot,
  fewShotFromJSON,
  load,
  VitError,
  type FewShot,
  type FewShotMethod,
  type Model,
} from 'vit-wasm';

import { expectClose } from '../expect-close.js';
import { readJson, readTensors, tensorOf } from '../golden/fixtures.js';
import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

interface Golden extends Record<FewShotMethod, number[][]> {
  counts: number[];
  nearestPrototype: number[];
  nearestNeighbors: number[];
}

const golden = await readJson<Golden>('few-shot.json');
const tensors = await readTensors('few-shot.safetensors');
const width = 8;
const rows = (name: string) => {
  const data = tensorOf(tensors, name);
  return Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width));
};
const queries = rows('queries');
/** The examples of each class. */
const clouds = golden.counts.map((count, k) => {
  const first = golden.counts.slice(0, k).reduce((sum, before) => sum + before, 0);
  return rows('examples').slice(first, first + count);
});
const names = ['red', 'green', 'blue'];

let model: Model;
beforeAll(async () => {
  model = await load({ weights: safetensors(tinyTensors()), config: tinyConfig });
});
afterAll(() => model.dispose());

async function taught(options: Parameters<Model['fewShot']>[0] = {}): Promise<FewShot> {
  const own = model.fewShot(options);
  for (const [k, cloud] of clouds.entries()) await own.add(names[k], cloud);
  return own;
}

async function trained(options: Parameters<Model['fewShot']>[0] = {}): Promise<FewShot> {
  const own = await taught(options);
  await own.train();
  return own;
}

/** [queries × classes] probabilities, in the order of the classes. */
async function probabilities(own: FewShot): Promise<number[]> {
  const answers = await Promise.all(queries.map((query) => own.classify(query)));
  return answers.flatMap((answer) => {
    return [...answer].sort((a, b) => a.index - b.index).map(({ probability }) => probability);
  });
}

async function best(own: FewShot): Promise<number[]> {
  return (await Promise.all(queries.map((query) => own.classify(query)))).map(([first]) => first.index);
}

describe('logistic regression', () => {
  it.each([1, 0.01])("gives the probabilities of scikit-learn's with l2 %d", async (l2) => {
    const own = await trained({ l2 });
    expectClose(await probabilities(own), tensorOf(tensors, `probabilities.${l2}`), 1e-4, 'probabilities');
  });

  it('tells how far training has come, of many examples', async () => {
    const own = model.fewShot({ l2: 1e-9 });
    const noise = (seed: number) =>
      Float32Array.from({ length: width }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233));
    await own.add(
      'a',
      Array.from({ length: 60 }, (_, i) => noise(i)),
    );
    await own.add(
      'b',
      Array.from({ length: 60 }, (_, i) => noise(i + 60)),
    );
    const steps: number[] = [];
    expect(await own.train({ onProgress: ({ done }) => steps.push(done) })).toEqual({
      examples: 120,
      labels: ['a', 'b'],
    });
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });
});

describe.each(['logistic', 'prototype', 'knn'] as const)('%s', (method) => {
  it('is evaluated like scikit-learn does it, leaving one out', async () => {
    const progress: number[] = [];
    const own = await taught({ method });
    const { accuracy, confusion, examples, labels } = await own.evaluate({
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(confusion).toEqual(golden[method]);
    expect([examples, labels]).toEqual([24, names]);
    expect(accuracy).toBeCloseTo(golden[method].reduce((sum, row, k) => sum + row[k], 0) / 24, 12);
    if (method === 'logistic') expect(progress.at(-1)).toBe(1);
  });

  it('is the same after JSON', async () => {
    const own = await trained({ method });
    const again = await fewShotFromJSON(model, JSON.parse(JSON.stringify(own)));
    expect([again.labels, again.counts]).toEqual([names, golden.counts]);
    expect(await probabilities(again)).toEqual(await probabilities(own));
    expect(JSON.stringify(again)).toBe(JSON.stringify(own));
    const text = await fewShotFromJSON(model, JSON.stringify(own));
    expect(await best(text)).toEqual(await best(own));
  });

  it('gives probabilities that sum to 1, the most probable first', async () => {
    const own = await trained({ method });
    const answer = await own.classify(queries[0]);
    expect(answer.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    expect(answer.map(({ probability }) => -probability)).toEqual(
      answer.map((p) => -p.probability).sort((a, b) => a - b),
    );
    expect(await own.classify(queries[0], { topK: 1 })).toEqual(answer.slice(0, 1));
  });

  it('knows what is none of its classes', async () => {
    const own = await trained({ method });
    // As far from the examples as they are from 0, on the other side.
    const strange = queries[0].map((value, i) => (i % 2 ? -30 : 30) - value);
    const [answer] = await own.classify(strange, { unknown: true });
    expect(answer).toMatchObject({ label: 'unknown', index: -1, probability: 1 });
    expect(await own.classify(strange, { unknown: 'none' })).toMatchObject([{ label: 'none' }]);
    expect(await own.classify(strange)).toHaveLength(3);
    // Examples are known, all but those that may be taken for unknown.
    const known = await Promise.all(
      clouds.flat().map((one) => own.classify(one, { unknown: true, falseAlarms: 0.1 })),
    );
    expect(known.filter(([first]) => first.index === -1).length).toBeLessThanOrEqual(3);
  });
});

it('prototype and knn answer as scikit-learn does', async () => {
  expect(await best(await trained({ method: 'prototype' }))).toEqual(golden.nearestPrototype);
  expect(await best(await trained({ method: 'knn' }))).toEqual(golden.nearestNeighbors);
});

describe('pictures', () => {
  const other = { ...picture, data: picture.data.map((value) => 255 - value) };

  it('are embedded as the head sees them, and read at the time of the call', async () => {
    const own = fewShot(model);
    const changing = { ...picture, data: picture.data.slice() };
    const adding = own.add('one', changing, { region: { x: 2, y: 1, width: 8, height: 8 } });
    await adding;
    await own.add('two', [other, other]);
    await own.add('one', picture);
    expect([own.labels, own.counts]).toEqual([
      ['one', 'two'],
      [2, 2],
    ]);
    await own.train();
    const [first] = await own.classify(picture);
    expect(first.label).toBe('one');
    const embedded = await model.embed(picture);
    expect(await own.classify(embedded)).toEqual(await own.classify(picture));
  });

  it('may be added without waiting', async () => {
    const own = model.fewShot();
    void own.add('one', picture);
    void own.add('two', other);
    const training = own.train();
    const [first] = await own.classify(other);
    expect(await training).toEqual({ examples: 2, labels: ['one', 'two'] });
    expect(first.label).toBe('two');
  });

  it('may be embeddings in arrays that are used again', async () => {
    const own = model.fewShot();
    const [array, single] = [clouds[0][0].slice(), clouds[0][1].slice()];
    const adding = [own.add('red', [array]), own.add('red', single)];
    array.fill(9);
    single.fill(9);
    await Promise.all(adding);
    await own.add('blue', clouds[2]);
    const same = model.fewShot();
    await same.add('red', clouds[0].slice(0, 2));
    await same.add('blue', clouds[2]);
    expect(own.toJSON()).toEqual(same.toJSON());
  });

  it('can be removed again, one or all of a class', async () => {
    const own = model.fewShot();
    await own.add('one', [picture, other]);
    await own.add('two', other);
    await own.remove('one', 1);
    expect(own.counts).toEqual([1, 1]);
    await own.remove('two');
    expect(own.labels).toEqual(['one']);
    await own.remove('one', 0);
    expect(own.labels).toEqual([]);
  });
});

describe('bad input', () => {
  const invalid = { code: 'invalid-argument' };
  const nan = new Float32Array(width).fill(NaN);

  it.each<[string, (own: FewShot) => Promise<unknown>, string]>([
    ['no label', (own) => own.add('', picture), 'The label is ""'],
    ['no pictures', (own) => own.add('red', []), 'no pictures of "red"'],
    ['an embedding of NaN', (own) => own.add('red', [queries[0], nan]), 'infinite or NaN'],
    ["another model's embedding", (own) => own.add('red', new Float32Array(9)), '9 values'],
    ['no picture', (own) => own.add('red', [queries[0], {} as never]), 'picture'],
    ['a class that does not exist', (own) => own.remove('pink'), 'no class "pink"'],
    ['an example that does not exist', (own) => own.remove('red', 7), 'no example 7'],
    ['too few answers', (own) => own.classify(picture, { topK: 0 }), 'topK is 0'],
    ['false alarms above 1', (own) => own.classify(picture, { falseAlarms: 2 }), 'falseAlarms is 2'],
    ['to classify NaN', (own) => own.classify(nan), 'infinite or NaN'],
  ])('%s is refused, and nothing changes', async (_, call, message) => {
    const own = await trained();
    const before = JSON.stringify(own);
    const error = await failureOf(call(own));
    expect(error).toBeInstanceOf(VitError);
    expect((error as VitError).message).toContain(message);
    expect(JSON.stringify(own)).toBe(before);
    expect(await best(own)).toHaveLength(queries.length);
  });

  it('no class, and a single one, cannot be trained or evaluated', async () => {
    const own = model.fewShot();
    expect(await failureOf(own.train())).toMatchObject(invalid);
    expect(await failureOf(own.classify(picture))).toMatchObject(invalid);
    expect(() => own.toJSON()).toThrow(expect.objectContaining(invalid));
    await own.add('red', picture);
    for (const call of [own.train(), own.evaluate()]) {
      expect(await failureOf(call)).toMatchObject({ ...invalid, message: expect.stringContaining('"red"') });
    }
    expect(await failureOf(own.export())).toMatchObject(invalid);
  });

  it.each([
    [{ method: 'svm' as never }, 'invalid-argument', '"logistic" or "prototype" or "knn"'],
    [{ pool: 'max' as never }, 'invalid-argument', '"cls" or "mean"'],
    [{ l2: 0 }, 'invalid-argument', 'l2 is 0'],
    [{ neighbors: 1.5 }, 'invalid-argument', 'neighbors is 1.5'],
    [{ epochs: 50 } as never, 'unsupported-option', 'no option "epochs"'],
  ])('the options %j are refused by the first call', async (options, code, message) => {
    const own = model.fewShot(options);
    expect(await failureOf(own.train())).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('neighbors are evaluated in slices, between which an abort is heard', async () => {
    const many = Array.from({ length: 3000 }, (_, at) =>
      Float32Array.from(queries[0], (value) => value + at / 3000),
    );
    const own = model.fewShot({ method: 'knn' });
    await own.add('a', many);
    await own.add('b', many);
    const seen: number[] = [];
    const controller = new AbortController();
    setTimeout(() => controller.abort('enough'), 1);
    const onProgress = ({ done, total }: { done: number; total: number }) => void seen.push(done / total);
    expect(await failureOf(own.evaluate({ signal: controller.signal, onProgress }))).toBe('enough');
    expect(seen.length).toBeLessThan(6000);
  });

  it('an abort is heard while another call has its turn', async () => {
    const own = await trained();
    const controller = new AbortController();
    const before = own.evaluate({ onProgress: () => controller.abort('enough') });
    const waiting = failureOf(own.train({ signal: controller.signal }));
    const settled: string[] = [];
    await Promise.all([
      waiting.then((reason) => settled.push(String(reason))),
      before.then(() => settled.push('evaluated')),
    ]);
    expect(settled).toEqual(['enough', 'evaluated']);
  });

  it('an abort leaves everything as it was', async () => {
    const own = await trained();
    const before = JSON.stringify(own);
    const reason = new Error('enough');
    const late = new AbortController();
    const evaluating = own.evaluate({ signal: late.signal, onProgress: () => late.abort(reason) });
    expect(await failureOf(evaluating)).toBe(reason);
    const signal = AbortSignal.abort(reason);
    for (const call of [
      own.add('pink', picture, { signal }),
      own.add('pink', [picture, picture], { signal }),
      own.train({ signal }),
      own.classify(picture, { signal }),
      own.export({ signal }),
    ]) {
      expect(await failureOf(call)).toBe(reason);
    }
    const half = new AbortController();
    const adding = own.add('pink', [picture, picture], {
      signal: half.signal,
      onProgress: () => half.abort(reason),
    });
    expect(await failureOf(adding)).toBe(reason);
    expect(JSON.stringify(own)).toBe(before);
  });
});

describe('saved JSON', () => {
  it('of another model, or of other preprocessing, is refused', async () => {
    const json = JSON.stringify(await trained());
    const changed = tinyTensors().map((tensor) =>
      tensor.name.endsWith('layer.1.output.dense.weight')
        ? { ...tensor, data: tensor.data.map((byte, at) => (at % 4 === 0 ? byte ^ 1 : byte)) }
        : tensor,
    );
    const others = [
      {
        weights: safetensors(tinyTensors().map((t) => (t.name === 'vit.layernorm.weight' ? twice(t) : t))),
        config: tinyConfig,
      },
      { weights: safetensors(tinyTensors()), config: { ...tinyConfig, hidden_act: 'relu' } },
    ];
    for (const other of others) {
      const stranger = await load(other);
      expect(await failureOf(fewShotFromJSON(stranger, json))).toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining('another model'),
      });
      stranger.dispose();
    }
    // The last bit of some weights is a rounding, as of another precision.
    const rounded = await load({ weights: safetensors(changed), config: tinyConfig });
    expect((await fewShotFromJSON(rounded, json)).labels).toEqual(names);
    rounded.dispose();
  });

  it('of the same model that fits pictures differently is refused, although it only shows in pictures that are not square', async () => {
    const json = JSON.stringify(await trained());
    const cropping = await load(
      { weights: safetensors(tinyTensors()), config: tinyConfig },
      { preprocess: { fit: 'crop' } },
    );
    expect(await failureOf(fewShotFromJSON(cropping, json))).toMatchObject({ code: 'invalid-argument' });
    cropping.dispose();
  });

  it('of version 1, by a square picture, is still read', async () => {
    const data = new Uint8Array(64 * 64 * 4);
    for (let at = 0; at < 64 * 64; at++) {
      const [x, y] = [at % 64, Math.floor(at / 64)];
      data.set([4 * x, 4 * y, (x - 28) ** 2 + (y - 36) ** 2 < 400 ? 240 : 20, 255], 4 * at);
    }
    const print = await model.embed({ data, width: 64, height: 64 });
    const saved = (await trained()).toJSON();
    const fingerprint = Buffer.from(print.buffer).toString('base64');
    const old = { ...saved, version: 1, backbone: { ...saved.backbone, fingerprint } };
    const again = await fewShotFromJSON(model, old);
    expect(again.toJSON()).toEqual(saved);
  });

  it('of a model whose head was exchanged is accepted', async () => {
    const headless = await load({
      weights: safetensors(tinyTensors().filter(({ name }) => !name.startsWith('classifier.'))),
      config: { ...tinyConfig, id2label: null },
    });
    const own = await fewShotFromJSON(headless, JSON.stringify(await trained()));
    expect(own.labels).toEqual(names);
    headless.dispose();
  });

  it.each<[string, (json: Record<string, unknown>) => unknown]>([
    ['no object', () => 5],
    ['no JSON', () => '{"version": 1'],
    ['another version', (json) => ({ ...json, version: 3 })],
    ['no backbone', (json) => ({ ...json, backbone: undefined })],
    [
      'a short fingerprint',
      (json) => ({ ...json, backbone: { ...(json['backbone'] as object), fingerprint: 'AAAAAA==' } }),
    ],
    ['other labels', (json) => ({ ...json, labels: ['a'] })],
    ['the same label twice', (json) => ({ ...json, labels: ['a', 'b', 'a'] })],
    ['examples that are no base64', (json) => ({ ...json, examples: ['!', '!', '!'] })],
    [
      'examples cut off',
      (json) => ({ ...json, examples: (json['examples'] as string[]).map((text) => text.slice(0, 8)) }),
    ],
    ['NaN', (json) => ({ ...json, weights: '////////f38=' })],
    ['weights of another size', (json) => ({ ...json, weights: 'AAAAAAAAAAA=' })],
    ['an unknown method', (json) => ({ ...json, method: 'svm' })],
  ])('with %s is refused', async (_, damage) => {
    const json = JSON.parse(JSON.stringify(await trained())) as Record<string, unknown>;
    expect(await failureOf(fewShotFromJSON(model, damage(json)))).toMatchObject({
      name: 'VitError',
      code: 'invalid-argument',
    });
  });
});

function twice(tensor: ReturnType<typeof tinyTensors>[number]) {
  const values = new Float32Array(tensor.data.slice().buffer).map((value, i) => value * (i % 2 ? 2 : 0.5));
  return { ...tensor, data: new Uint8Array(values.buffer) };
}
