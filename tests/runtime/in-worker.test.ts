// The page's and the worker's half, in two threads: the built worker file runs in one of Node's. Real browsers run it in
// tests/browser.
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

import { locateModel } from '../../web/checkpoint/locate.js';
import { InPlace } from '../../web/runtime/in-place.js';
import { InWorker } from '../../web/runtime/in-worker.js';
import type { WorkerPort } from '../../web/runtime/worker-life.js';
import { openFile } from '../../web/checkpoint/files/source.js';
import { VitError } from '../../web/errors.js';
import { Model } from '../../web/model.js';
import type { Glue } from '../../web/engine/bindings.js';
import { packError, unpackError, type Reply, type Request } from '../../web/runtime/protocol.js';
import { rawPixels } from '../../web/pictures/pixels.js';
import type { SessionRequest } from '../../web/runtime/session-request.js';
import type { LoadOptions, Progress } from '../../web/types.js';
import { json, serveHttp, whole } from '../web/http.js';
import {
  failureOf,
  makeTensor,
  picture,
  safetensors,
  tinyConfig,
  tinyTensors,
} from '../web/tiny-checkpoint.js';

const dist = new URL('../../dist/', import.meta.url);
const weights = safetensors(tinyTensors());
let module: WebAssembly.Module;
let glue: Glue;

beforeAll(async () => {
  module = await WebAssembly.compile(await readFile(new URL('vit.simd.wasm', dist)));
  glue = ((await import(new URL('vit.simd.js', dist).href)) as { default: Glue }).default;
});

/** Threads that a test has started, and whether they have ended. */
const threads: { worker: Worker; ended: Promise<unknown> }[] = [];

afterEach(async () => {
  // A thread left behind would keep this waiting, but not the tests that follow.
  await Promise.all(threads.splice(0).map(({ ended }) => ended));
});

/** A thread with the manners of a browser's worker. */
function spawn(script = 'worker.simd.js'): WorkerPort & { die(): void } {
  const worker = new Worker(new URL('worker-thread.mjs', import.meta.url), {
    workerData: new URL(script, dist).href,
  });
  threads.push({ worker, ended: new Promise((resolve) => worker.once('exit', resolve)) });
  const port: ReturnType<typeof spawn> = {
    postMessage: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    terminate: () => void worker.terminate(),
    die: () => worker.postMessage('die'),
    onmessage: null,
    onerror: null,
    onmessageerror: null,
  };
  worker.on('message', (data: Reply) => port.onmessage?.({ data } as MessageEvent<Reply>));
  worker.on('error', ({ message }) => port.onerror?.({ message } as ErrorEvent));
  return port;
}

/** Keeps the worker busy for longer than a test takes to change its mind. */
const large = { data: new Uint8Array(4 * 4000 * 4000), width: 4000, height: 4000 };

/** Until a call just made has been posted to the worker. */
const underWay = () => new Promise((resolve) => setImmediate(resolve));

function requestFor(bytes: Uint8Array, config: object = tinyConfig): SessionRequest {
  const files = locateModel({ weights: bytes, config }, {}, () => {
    throw new Error('Nothing is at a place here.');
  });
  return { files, variant: 'simd', threads: { count: 1, reason: 'for no reason', automatic: false } };
}

async function loadInWorker(
  bytes = weights,
  options: LoadOptions & { port?: WorkerPort; config?: object } = {},
): Promise<Model> {
  const { port = spawn(), config } = options;
  return new Model(
    await InWorker.start(requestFor(bytes, config), () => port, Promise.resolve(module), options),
  );
}

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

describe('messages that nobody should have sent', () => {
  /** Garbage, and requests of the right form at the wrong time. */
  const forgedRequests: unknown[] = [
    null,
    undefined,
    7,
    'run',
    {},
    { type: 'nonsense' },
    { type: 'load' },
    { type: 'load', call: 1 },
    { type: 'load', call: 1, lifeSign: 'x', request: null, cache: null },
    { type: 'rows', rows: 5 },
    { type: 'rows' },
    { type: 'cached' },
    { type: 'cached', answer: null },
    { type: 'cached', answer: { id: 99, failed: false } },
    { type: 'run' },
    { type: 'run', call: 12, verb: 'constructor' },
    { type: 'run', call: 12, verb: 'logits' },
    { type: 'run', call: 12, verb: 'classify', options: null },
  ];

  it('to the worker leave every call its right answer', async () => {
    const port = spawn();
    const model = await loadInWorker(weights, { port });
    const expected = await model.logits(picture);
    for (const forged of forgedRequests) {
      port.postMessage(forged as Request, []);
      expect(await model.logits(picture)).toEqual(expected);
      const call = model.logits(picture);
      await underWay();
      port.postMessage(forged as Request, []);
      expect(await call).toEqual(expected);
    }
    model.dispose();
  });

  it('to a worker without a model do not keep it from loading one', async () => {
    const port = spawn();
    for (const forged of forgedRequests.filter((one) => (one as Partial<Request> | null)?.type !== 'load')) {
      port.postMessage(forged as Request, []);
    }
    const model = await loadInWorker(weights, { port });
    expect(await model.logits(picture)).toHaveLength(3);
    model.dispose();
  });

  it('that load a model first fail the load that should have been the first', async () => {
    const port = spawn();
    port.postMessage({ type: 'load', call: 99, lifeSign: 'x' } as unknown as Request, []);
    expect(await failureOf(loadInWorker(weights, { port }))).toMatchObject({
      name: 'VitError',
      code: 'worker',
    });
  });

  it('that end the worker end the call under way', async () => {
    const port = spawn();
    const model = await loadInWorker(weights, { port });
    const call = failureOf(model.logits(Array<typeof large>(100).fill(large)));
    await underWay();
    port.postMessage({ type: 'end' }, []);
    expect(await call).toMatchObject({ name: 'VitError', code: 'worker' });
    expect(await failureOf(model.logits(picture))).toMatchObject({ name: 'VitError', code: 'worker' });
    model.dispose();
  });

  const forgedReplies: unknown[] = [
    null,
    undefined,
    7,
    {},
    { type: 'nonsense' },
    { type: 'progress' },
    { type: 'done' },
    { type: 'done', call: 2, value: null },
    { type: 'failed' },
    { type: 'failed', call: 2, error: null },
    { type: 'failed', call: 2, error: { name: 5 } },
    { type: 'ended' },
  ];

  it.each(forgedReplies)('from the worker, as %j, end the model with an error', async (forged) => {
    const port = spawn();
    const model = await loadInWorker(weights, { port });
    const call = failureOf(model.logits(Array<typeof large>(100).fill(large)));
    await underWay();
    port.onmessage?.({ data: forged } as MessageEvent<Reply>);
    expect(await call).toMatchObject({ name: 'VitError', code: 'worker' });
    expect(await failureOf(model.logits(picture))).toMatchObject({ name: 'VitError', code: 'worker' });
    model.dispose();
  });

  it.each([
    { isTrusted: false, data: null },
    { isTrusted: false, data: { type: 'done', call: 2, value: new Float32Array(3) } },
    { data: { type: 'done', call: 1, value: new Float32Array(3) } },
    { data: { type: 'failed', call: 1, error: packError(new Error('forged')) } },
    { data: { type: 'kept' } },
    { data: { type: 'cache', call: undefined } },
  ])('as by a script of the page, or to another call, are passed over: %j', async (event) => {
    const port = spawn();
    const model = await loadInWorker(weights, { port });
    const expected = await model.preprocess(picture);
    const call = model.preprocess(picture);
    await underWay();
    port.onmessage?.(event as MessageEvent<Reply>);
    expect(await call).toEqual(expected);
    model.dispose();
  });

  it('such as a cache that gives what cannot be posted only cost the download', async () => {
    const cache = {
      match: () => Promise.resolve({ blob: () => Promise.resolve(() => 'no Blob') } as unknown as Response),
      put: () => Promise.resolve(),
    };
    const server = await serveHttp({
      '/config.json': json(tinyConfig),
      '/model.safetensors': whole(weights),
    });
    const files = locateModel(server.url, {}, (url) => ({ kind: 'url', url }));
    const request = { ...requestFor(weights), files };
    const runner = await InWorker.start(request, spawn, Promise.resolve(module), { cache });
    const model = new Model(runner);
    expect(await model.logits(picture)).toHaveLength(3);
    model.dispose();
    await server.close();
  });
});

describe('an error that crosses the boundary', () => {
  /** As it comes out on the other side. */
  const crossed = (error: unknown) => unpackError(structuredClone(packError(error)));

  it('keeps its class, code and causes', () => {
    const root = new RangeError('too far');
    const middle = new TypeError('no such thing', { cause: root });
    const error = crossed(new VitError('truncated', 'It ends.', { cause: middle }));
    expect(error).toBeInstanceOf(VitError);
    expect(error).toMatchObject({ name: 'VitError', code: 'truncated', message: 'It ends.' });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect((error.cause as Error).cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).cause).toMatchObject({ message: 'too far', stack: root.stack });
  });

  it.each([new SyntaxError('s'), new RangeError('r'), new Error('plain')])(
    'keeps the class of %s',
    (original) => {
      const error = crossed(original);
      expect(error.constructor).toBe(original.constructor);
      expect(error).toMatchObject({ name: original.name, message: original.message });
    },
  );

  it('keeps a DOMException', () => {
    const error = crossed(new DOMException('stop', 'AbortError'));
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'AbortError', message: 'stop' });
  });

  it('keeps the name of a class that is not known here', () => {
    expect(crossed(new WebAssembly.RuntimeError('unreachable'))).toMatchObject({
      name: 'RuntimeError',
      message: 'unreachable',
    });
  });

  it('is made of what was thrown, if that was no error', () => {
    expect(crossed('just words')).toMatchObject({ name: 'Error', message: 'just words' });
  });
});
