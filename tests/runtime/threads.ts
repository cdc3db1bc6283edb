// A worker as a page starts it: the built file, in one of Node's threads.
import { afterEach, beforeAll } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

import { locateModel } from '../../web/checkpoint/locate.js';
import type { Glue } from '../../web/engine/bindings.js';
import { Model } from '../../web/model.js';
import { InWorker } from '../../web/runtime/in-worker.js';
import type { Reply, WorkerPort } from '../../web/runtime/protocol.js';
import type { SessionRequest } from '../../web/runtime/session-request.js';
import type { LoadOptions } from '../../web/types.js';
import { safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const dist = new URL('../../dist/', import.meta.url);
export const weights = safetensors(tinyTensors());
export let module: WebAssembly.Module;
export let glue: Glue;

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
export function spawn(script = 'worker.simd.js'): WorkerPort & { die(): void } {
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
export const large = { data: new Uint8Array(4 * 4000 * 4000), width: 4000, height: 4000 };

/** Until a call just made has been posted to the worker. */
export const underWay = () => new Promise((resolve) => setImmediate(resolve));

export function requestFor(bytes: Uint8Array, config: object = tinyConfig): SessionRequest {
  const files = locateModel({ weights: bytes, config }, {}, () => {
    throw new Error('Nothing is at a place here.');
  });
  return { files, variant: 'simd', threads: { count: 1, reason: 'for no reason', automatic: false } };
}

export async function loadInWorker(
  bytes = weights,
  options: LoadOptions & { port?: WorkerPort; config?: object } = {},
): Promise<Model> {
  const { port = spawn(), config } = options;
  return new Model(
    await InWorker.start(requestFor(bytes, config), () => port, Promise.resolve(module), options),
  );
}
