// An execution that never ends keeps its thread from saying so: another thread does, and ends the program.
import { Worker } from 'node:worker_threads';

/** Milliseconds without an execution that ends. */
const longest = 120_000;

const program = `
const { workerData } = require('node:worker_threads');
const seed = new Float64Array(workerData);
let last = seed[0];
setInterval(() => {
  if (seed[0] === last) {
    require('node:fs').writeSync(2, 'Seed ' + last + ' does not end.\\n');
    process.kill(process.pid, 'SIGKILL');
  }
  last = seed[0];
}, ${longest});
`;

/** Watches over the seeds that it is told; `end` stops it. */
export function watchdog(): { see(seed: number): void; end(): Promise<number> } {
  const memory = new SharedArrayBuffer(8);
  const shared = new Float64Array(memory);
  const worker = new Worker(program, { eval: true, workerData: memory });
  return { see: (seed) => (shared[0] = seed), end: () => worker.terminate() };
}
