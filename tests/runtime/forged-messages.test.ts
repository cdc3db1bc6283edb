// Messages that only a fault, or a script of somebody else, could send to a page or its worker.
import { describe, expect, it } from '@jest/globals';

import { locateModel } from '../../web/checkpoint/locate.js';
import { Model } from '../../web/model.js';
import { InWorker } from '../../web/runtime/in-worker.js';
import { packError, type Reply, type Request } from '../../web/runtime/protocol.js';
import { json, serveHttp, whole } from '../web/http.js';
import { failureOf, picture, tinyConfig } from '../web/tiny-checkpoint.js';
import { large, loadInWorker, module, requestFor, spawn, underWay, weights } from './threads.js';

describe('forged messages', () => {
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
