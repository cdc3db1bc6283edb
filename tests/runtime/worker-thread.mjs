// A thread of Node as the worker that dist/worker.<variant>.js expects to be in.
import { setTimeout } from 'node:timers';
import { parentPort, workerData } from 'node:worker_threads';

globalThis.self = {
  name: '',
  postMessage: (message, transfer) => parentPort.postMessage(message, transfer),
  set onmessage(listener) {
    parentPort.on('message', (data) => (data === 'die' ? dieSoon() : listener({ data })));
  },
};

function dieSoon() {
  setTimeout(() => {
    throw new Error('out of luck');
  });
}

await import(workerData);
