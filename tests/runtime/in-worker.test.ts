// The page's and the worker's half, in two threads: the built worker file runs in one of Node's. Real browsers run it in
// tests/browser.
import { describe, expect, it } from '@jest/globals';

import { openFile } from '../../web/checkpoint/files/source.js';
import { VitError } from '../../web/errors.js';
import { Model } from '../../web/model.js';
import { rawPixels } from '../../web/pictures/pixels.js';
import { InPlace } from '../../web/runtime/in-place.js';
import { InWorker } from '../../web/runtime/in-worker.js';
import type { Progress } from '../../web/types.js';
import { failureOf, makeTensor, picture, safetensors, tinyTensors } from '../web/tiny-checkpoint.js';
import { glue, large, loadInWorker, module, requestFor, spawn, underWay, weights } from './threads.js';

describe('a model in a worker', () => {
  it('answers as one in place, reports progress and gives the same errors', async () => {
    const reports: Progress[] = [];
    const inWorker = await loadInWorker(weights, { onProgress: (progress) => reports.push(progress) });
    expect(reports.at(-1)).toMatchObject({ file: 'model.safetensors', loaded: weights.length });
    const running = await InPlace.start(requestFor(weights), Promise.resolve(glue), Promise.resolve(module), {
      open: openFile,
    });
    const inPlace = new Model(running);
    expect(inWorker.info).toEqual(inPlace.info);
    for (const model of [inWorker, inPlace]) {
      const error = await failureOf(
        model.logits({ data: new Uint8Array(280_000), width: 70_000, height: 1 }),
      );
      expect(error).toBeInstanceOf(VitError);
      expect(error).toMatchObject({ code: 'invalid-source' });
    }
    expect(await inWorker.logits([picture, picture])).toEqual(await inPlace.logits([picture, picture]));
    expect(await inWorker.preprocess(picture)).toEqual(await inPlace.preprocess(picture));
    expect(await inWorker.classify(picture)).toEqual(await inPlace.classify(picture));
    expect(await inWorker.embed([picture])).toEqual(await inPlace.embed([picture]));
    const mean = { pool: 'mean', normalize: true } as const;
    expect(await inWorker.embed(picture, mean)).toEqual(await inPlace.embed(picture, mean));
    expect(await inWorker.tokens(picture)).toEqual(await inPlace.tokens(picture));
    inWorker.dispose();
    inPlace.dispose();
  });

  it('answers as one in place to a picture of many bands, and to one whose bands break off', async () => {
    const inWorker = await loadInWorker();
    const inPlace = new Model(
      await InPlace.start(requestFor(weights), Promise.resolve(glue), Promise.resolve(module), {
        open: openFile,
      }),
    );
    const data = Uint8Array.from({ length: 4 * 1500 * 1000 }, (_, at) => (at * 31) ^ (at >> 9));
    const noise = { data, width: 1500, height: 1000 };
    const region = { x: 100, y: 200, width: 1300, height: 700 };
    const expected = await inPlace.preprocess(noise);
    const expectedOfRegion = await inPlace.preprocess(noise, { region });
    expect(await inWorker.preprocess(noise)).toEqual(expected);
    expect(await inWorker.preprocess(noise, { region })).toEqual(expectedOfRegion);

    // Gone before its turn comes.
    const gone = { ...noise, data: data.slice() };
    const calls = [noise, gone, noise].map((source) =>
      inWorker.preprocess(source).catch((error: unknown) => error),
    );
    structuredClone(gone.data, { transfer: [gone.data.buffer] });
    const [first, failure, last] = await Promise.all(calls);
    expect(failure).toMatchObject({ code: 'invalid-source', message: expect.stringContaining('0 bytes') });
    expect([first, last]).toEqual([expected, expected]);

    const [band] = rawPixels(noise).bands;
    function* breakingOff() {
      yield band;
      throw new Error('broken off');
    }
    const broken = { ...rawPixels(noise), bands: breakingOff() };
    const runner = await InWorker.start(requestFor(weights), spawn, Promise.resolve(module), {});
    expect(await failureOf(runner.run('preprocess', broken, undefined))).toEqual(new Error('broken off'));
    expect(await runner.run('preprocess', rawPixels(noise), undefined)).toEqual(expected);
    for (const model of [inWorker, inPlace, runner]) model.dispose();
  });

  it('reads the next of several pictures while it works on one', async () => {
    const inWorker = await InWorker.start(requestFor(weights), spawn, Promise.resolve(module), {});
    const log: string[] = [];
    const model = new Model({
      info: inWorker.info,
      decodes: inWorker.decodes,
      kept: inWorker.kept,
      dispose: () => inWorker.dispose(),
      encode: (texts) => inWorker.encode(texts),
      take: (image) => inWorker.take(image),
      run: async (...call) => {
        log.push('begin');
        const answer = await inWorker.run(...call);
        log.push('end');
        return answer;
      },
    });
    const logged = (name: string) => ({
      ...picture,
      get data() {
        log.push(name);
        return picture.data;
      },
    });
    await model.logits(['first', 'second', 'third'].map(logged));
    expect(log.join()).toBe('first,begin,second,end,begin,third,end,begin,end');

    const tooWide = { data: new Uint8Array(280_000), width: 70_000, height: 1 };
    const tooShort = { data: new Uint8Array(3), width: 1, height: 1 };
    expect(await failureOf(model.logits([tooWide, tooShort]))).toMatchObject({
      message: expect.stringContaining('at most 32767'),
    });
    expect(await failureOf(model.logits([picture, tooShort, picture]))).toMatchObject({
      message: expect.stringContaining('3 bytes'),
    });
    expect(await model.logits([picture])).toEqual([await model.logits(picture)]);
    model.dispose();
  });

  it("never takes the caller's buffers", async () => {
    const surrounding = new Uint8Array(weights.length + 2);
    surrounding.set(weights, 1);
    const bytes = surrounding.subarray(1, -1);
    const model = await loadInWorker(bytes);
    await model.logits(picture);
    expect(bytes).toEqual(weights);
    expect(picture.data).toHaveLength(20 * 12 * 4);
    model.dispose();
  });

  it('that cannot be loaded says so and ends its worker', async () => {
    const misshapen = tinyTensors().map((t) => (t.name === 'classifier.bias' ? makeTensor(t.name, [4]) : t));
    const error = await failureOf(loadInWorker(safetensors(misshapen)));
    expect(error).toBeInstanceOf(VitError);
    expect(error).toMatchObject({
      code: 'tensors',
      message: expect.stringContaining('"classifier.bias" has shape [4]'),
    });
  });

  it('whose load is aborted rejects with the reason and ends its worker', async () => {
    const abort = new AbortController();
    const loading = failureOf(loadInWorker(weights, { signal: abort.signal }));
    setTimeout(() => abort.abort('enough'));
    expect(await loading).toBe('enough');
  });

  it('whose onProgress throws rejects with that and ends its worker', async () => {
    const mine = new Error('no more');
    const onProgress = () => {
      throw mine;
    };
    expect(await failureOf(loadInWorker(weights, { onProgress }))).toBe(mine);
  });

  it('gives every call its own answer', async () => {
    const model = await loadInWorker();
    const alone = [
      await model.logits(picture),
      await model.preprocess(picture),
      await model.classify(picture),
    ];
    const together = [model.logits(picture), model.preprocess(picture), model.classify(picture)];
    expect(await Promise.all(together)).toEqual(alone);
    model.dispose();
  });

  it('rejects an aborted call at once and answers the next', async () => {
    const model = await loadInWorker();
    const logits = await model.logits(picture);
    const abort = new AbortController();
    // Many, so that it is still under way however late the abort comes on a busy machine.
    const call = failureOf(model.logits(Array<typeof large>(100).fill(large), { signal: abort.signal }));
    await underWay();
    abort.abort('enough');
    expect(await call).toBe('enough');
    expect(await model.logits(picture)).toEqual(logits);
    model.dispose();
  });

  it('ends its worker when disposed of, and calls under way reject', async () => {
    const model = await loadInWorker();
    const calls = [
      failureOf(model.logits(Array<typeof large>(100).fill(large))),
      failureOf(model.logits(picture)),
    ];
    await underWay();
    model.dispose();
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'disposed' });
  });

  it('whose worker dies rejects, then and afterwards', async () => {
    const port = spawn();
    const model = await loadInWorker(weights, { port });
    port.die();
    const callForEver = async () => {
      for (;;) await model.logits(picture);
    };
    const error = await failureOf(callForEver());
    expect(error).toMatchObject({
      name: 'VitError',
      code: 'worker',
      message: expect.stringContaining('out of luck'),
    });
    expect(await failureOf(model.logits(picture))).toMatchObject({ code: 'worker' });
    model.dispose();
  });

  it('whose worker never starts rejects', async () => {
    const error = await failureOf(loadInWorker(weights, { port: spawn('no-such-worker.js') }));
    expect(error).toMatchObject({
      name: 'VitError',
      code: 'worker',
      message: expect.stringContaining('worker: { url }'),
    });
  });
});
