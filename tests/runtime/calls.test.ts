// How calls share a model: `latest`, `settle`, and lists of any length with `each`.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isVitError, load, type EachSources, type Model, type RawImage, type Source } from 'vit-wasm';

import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const inMemory = { weights: safetensors(tinyTensors()), config: tinyConfig };
const dark: RawImage = { data: new Uint8ClampedArray(9 * 7 * 4).fill(20), width: 9, height: 7 };
const wrong: RawImage = { ...dark, width: 10 };

let model: Model;
let logits: Float32Array;

beforeAll(async () => {
  model = await load(inMemory);
  logits = await model.logits(picture);
});

afterAll(() => model.dispose());

/** A picture that counts how often its pixels are asked for. */
function counting(image: RawImage) {
  const counter = { reads: 0 };
  const source: RawImage = Object.defineProperty({ ...image }, 'data', {
    enumerable: true,
    get: () => {
      counter.reads++;
      return image.data;
    },
  });
  return { counter, source };
}

describe('latest', () => {
  it('a newer call replaces one of the same verb that waits, whose picture is never read', async () => {
    const { counter, source } = counting(dark);
    const first = model.logits(picture, { latest: true });
    const replaced = [model.logits(source, { latest: true }), model.logits(source, { latest: true })];
    const others = [model.embed(dark, { latest: true }), model.logits(dark)] as const;
    const last = model.logits(dark, { latest: true });
    for (const error of await Promise.all(replaced.map(failureOf))) {
      expect(error).toMatchObject({
        name: 'VitError',
        code: 'superseded',
        message: 'A newer call of logits with `latest: true` replaced this one.',
      });
    }
    expect(counter.reads).toBe(0);
    // What is under way is not replaced, nor is another verb, nor a call without the option.
    expect(await first).toEqual(logits);
    expect(await others[0]).toEqual(await model.embed(dark));
    expect(await others[1]).toEqual(await last);
  });

  it('a call that is done has nothing to do with the next', async () => {
    expect(await model.logits(picture, { latest: true })).toEqual(logits);
    expect(await model.logits(picture, { latest: true })).toEqual(logits);
  });

  it('a hundred calls at once end as two answers', async () => {
    const calls = Array.from({ length: 100 }, () => model.classify(picture, { latest: true }));
    const outcomes = await Promise.allSettled(calls);
    const answered = outcomes.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []));
    expect(answered.at(-1)).toBe(99);
    expect(answered.length).toBeLessThanOrEqual(2);
  });
});

describe('settle', () => {
  it('gives the others’ answers although a picture cannot be read', async () => {
    const outcomes = await model.logits([picture, wrong, picture], { settle: true });
    expect(outcomes[0]).toEqual({ status: 'fulfilled', value: logits });
    expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code: 'invalid-source' } });
    expect(outcomes[2]).toEqual(outcomes[0]);
    expect(await model.classify([wrong], { settle: true, topK: 1 })).toMatchObject([{ status: 'rejected' }]);
    expect(await model.embed([], { settle: true })).toEqual([]);
  });

  it('an abort and dispose() still reject the whole call', async () => {
    const many = Array.from({ length: 100_000 }, () => picture);
    const signal = AbortSignal.timeout(30);
    expect(await failureOf(model.logits(many, { settle: true, signal }))).toMatchObject({
      name: 'TimeoutError',
    });
    const other = await load(inMemory);
    const call = failureOf(other.logits(many, { settle: true }));
    other.dispose();
    expect(await call).toMatchObject({ code: 'disposed' });
  });

  it('is for arrays, and true or false', async () => {
    const options = (settle: unknown) => ({ settle }) as object;
    const failures = [model.logits(picture, options(true)), model.logits([picture], options('yes'))].map(
      failureOf,
    );
    expect(await Promise.all(failures)).toMatchObject([
      { code: 'invalid-argument', message: expect.stringContaining('settle is for arrays') },
      { code: 'invalid-argument', message: 'settle is "yes", but it should be true or false.' },
    ]);
    expect(await failureOf(model.logits(picture, { latest: 1 } as object))).toMatchObject({
      message: 'latest is 1, but it should be true or false.',
    });
  });
});

async function all<T>(outcomes: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const outcome of outcomes) list.push(outcome);
  return list;
}

describe('each', () => {
  it('gives a result or a reason for every picture, in order', async () => {
    const outcomes = await all(model.each([picture, wrong, dark], { topK: 1 }));
    const [light, black] = await model.classify([picture, dark], { topK: 1 });
    expect(outcomes).toEqual([
      { index: 0, source: picture, status: 'fulfilled', value: light },
      {
        index: 1,
        source: wrong,
        status: 'rejected',
        reason: expect.objectContaining({ code: 'invalid-source' }),
      },
      { index: 2, source: dark, status: 'fulfilled', value: black },
    ]);
    expect(outcomes[1].source).toBe(wrong);
  });

  it('goes on after a promise of a picture that rejects', async () => {
    const lost = Promise.reject<Source>(new Error('lost'));
    const outcomes = await all(model.each([picture, lost, Promise.resolve(dark)], { topK: 1 }));
    const [light, black] = await model.classify([picture, dark], { topK: 1 });
    expect(outcomes).toEqual([
      { index: 0, source: picture, status: 'fulfilled', value: light },
      { index: 1, source: undefined, status: 'rejected', reason: new Error('lost') },
      { index: 2, source: dark, status: 'fulfilled', value: black },
    ]);
  });

  it.each<[string, () => EachSources]>([
    ['a set', () => new Set<Source>([picture, dark])],
    [
      'a generator',
      function* () {
        yield picture;
        yield Promise.resolve(dark);
      },
    ],
    [
      'an asynchronous generator',
      async function* () {
        yield picture;
        await Promise.resolve();
        yield dark;
      },
    ],
    [
      'a stream',
      () =>
        new Response('ab').body!.pipeThrough(
          new TransformStream<Uint8Array, Source>({
            transform: (_, to) => [picture, dark].forEach((one) => to.enqueue(one)),
          }),
        ),
    ],
  ])('goes through %s, with any verb', async (_, sources) => {
    const expected = await model.embed([picture, dark], { normalize: true });
    const outcomes = await all(model.each(sources(), { verb: 'embed', normalize: true }));
    expect(outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value)).toEqual(expected);
    const verb = async (source: Source) => (await model.classify(source))[0].label;
    const labels = (await all(model.each(sources(), { verb }))).map(
      (outcome) => outcome.status === 'fulfilled' && outcome.value,
    );
    expect(labels).toEqual((await model.classify([picture, dark])).map(([best]) => best.label));
  });

  it('takes two pictures at a time from a list without end, and returns it', async () => {
    let taken = 0;
    let returned = false;
    function* endless() {
      try {
        for (;;) {
          taken++;
          yield dark;
        }
      } finally {
        returned = true;
      }
    }
    for await (const { index, status } of model.each(endless())) {
      expect(status).toBe('fulfilled');
      expect(taken).toBeLessThanOrEqual(index + 2);
      if (index === 20) break;
    }
    expect(returned).toBe(true);
  });

  it('does not wait for the next picture to give an answer', async () => {
    async function* slow() {
      yield picture;
      await new Promise<never>(() => undefined);
    }
    const outcomes = model.each(slow(), { verb: 'logits' });
    expect((await outcomes.next()).value).toMatchObject({ status: 'fulfilled', value: logits });
  });

  it('an abort, dispose() and an error of the list end it', async () => {
    const signal = AbortSignal.timeout(30);
    const endless = function* () {
      for (;;) yield dark;
    };
    expect(await failureOf(all(model.each(endless(), { signal })))).toMatchObject({ name: 'TimeoutError' });
    const other = await load(inMemory);
    const ending = failureOf(all(other.each(endless())));
    setTimeout(() => other.dispose(), 20);
    expect(await ending).toMatchObject({ code: 'disposed' });
    const broken = function* () {
      yield dark;
      throw new Error('broken list');
    };
    expect(await failureOf(all(model.each(broken())))).toMatchObject({ message: 'broken list' });
    expect(await model.logits(picture)).toEqual(logits);
  });

  it('ends although the list waits for a picture that never comes', async () => {
    const stuck = async function* () {
      yield dark;
      await new Promise<never>(() => undefined);
    };
    const signal = AbortSignal.timeout(30);
    expect(await failureOf(all(model.each(stuck(), { signal })))).toMatchObject({ name: 'TimeoutError' });
    let answers = 0;
    for await (const { status } of model.each(stuck())) {
      expect(status).toBe('fulfilled');
      answers++;
      break;
    }
    expect(answers).toBe(1);
  });

  it.each([
    ['cat.jpg', {}, 'each cannot iterate over "cat.jpg"'],
    [picture, {}, 'each cannot iterate over'],
    [null, {}, 'each cannot iterate over null'],
    [[], { verb: 'watch' }, 'verb is "watch"'],
    [[], 3, 'each cannot use 3 as options'],
    [[], { verb: () => 1, topK: 1 }, 'each has no option "topK"'],
    [[], { smoothing: 0.8 }, 'each has no option "smoothing"'],
    [[], { fps: 5 }, 'each has no option "fps"'],
    [[], { settle: true }, 'each has no option "settle"'],
    [[], { latest: true }, 'each has no option "latest"'],
    [[], { topk: 3 }, 'classify has no option "topk"'],
    [[], { topK: 0 }, 'topK is 0'],
    [[], { allow: ['nothing'] }, 'allow has "nothing"'],
    [[], { region: { x: -1, y: 0, width: 1, height: 1 } }, 'region is'],
    [[], { verb: 'logits', topK: 3 }, 'logits has no option "topK"'],
    [[], { verb: 'embed', pool: 'max' }, 'pool is "max"'],
    [[], { verb: 'tokens', layer: 9 }, 'layer is 9'],
    [[], { verb: 'attention', head: -1 }, 'head is -1'],
  ])('refuses %p with %p', async (sources, options, says) => {
    const error = await failureOf(model.each(sources as EachSources, options as object).next());
    expect(isVitError(error)).toBe(true);
    expect(error).toMatchObject({ message: expect.stringContaining(says) });
  });
});
