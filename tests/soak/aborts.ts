// Loads that are aborted at random moments, in Node, through a cache.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { randomOf } from '../fuzz/random.js';
import { chunked, json, serveHttp, troubled, whole } from '../web/http.js';
import { safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

/** What loads came to. */
export interface Aborts {
  aborted: number;
  loaded: number;
  /** The longest from an abort to the rejection, in milliseconds. */
  slowest: number;
  /** What should never be: loads that stayed pending or gave another error, and files and handles left behind. */
  faults: string[];
}

type Load = typeof import('../../web/index.js').load;

/** Milliseconds after an abort in which a load has to end. */
const longest = 3000;

/** Open files and sockets of this process. */
const openHandles = async () => (await readdir('/proc/self/fd')).length;

/** Aborts `count` loads, one after another, each at a moment that the seed decides. */
export async function abortLoads(load: Load, count: number, seed: number): Promise<Aborts> {
  const random = randomOf(seed);
  const weights = safetensors(tinyTensors());
  const server = await serveHttp({
    '/whole/config.json': json(tinyConfig),
    '/whole/model.safetensors': whole(weights),
    '/chunked/config.json': json(tinyConfig),
    '/chunked/model.safetensors': chunked(weights, 100),
    '/broken/config.json': json(tinyConfig),
    // Breaks in every second answer.
    '/broken/model.safetensors': troubled(weights, {
      breaks: Array.from({ length: 2 * count }, (_, at) => (at % 2 ? Infinity : 2000)),
      tags: ['"1"'],
    }),
    '/stalled/config.json': json(tinyConfig),
    '/stalled/model.safetensors': (response) => {
      response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 3000));
    },
    '/silent/config.json': () => undefined,
    '/silent/model.safetensors': whole(weights),
  });
  const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-aborts-'));
  const outcome: Aborts = { aborted: 0, loaded: 0, slowest: 0, faults: [] };
  const fault = (round: number, what: string) => outcome.faults.push(`load ${round}: ${what}`);
  // Node closes a file that nobody has closed when its object is collected, and warns.
  const onWarning = ({ message }: Error) => {
    if (/garbage collection/.test(message)) fault(count, message);
  };
  process.on('warning', onWarning);
  // Twice as long as a load takes here and now: on a busy machine some have to end, too.
  let window = 60;
  for (let warm = 0; warm < 2; warm++) {
    const begin = performance.now();
    (await load(`${server.url}whole/`, { cache: false })).dispose();
    window = Math.max(60, Math.ceil(2 * (performance.now() - begin)));
  }
  let handles: number | undefined;
  for (let round = 0; round < count; round++) {
    const name = random.pick(['whole', 'chunked', 'broken', 'stalled', 'silent']);
    // Most in a folder of their own, so that it is written to; some find the files of an earlier one.
    const cache = random.oneIn(8) ? false : join(folder, String(random.oneIn(3) ? 0 : round));
    const abort = new AbortController();
    const reason = new Error('given up');
    let abortedAt: number | undefined;
    const giveUp = () => {
      abortedAt ??= performance.now();
      abort.abort(reason);
    };
    const loading = load(`${server.url}${name}/`, { cache, signal: abort.signal });
    const timer = setTimeout(giveUp, random.below(name === 'broken' ? 800 : window));
    const pending = Symbol();
    const patience = new Promise((resolve) => setTimeout(resolve, longest + 500, pending).unref());
    const end = await Promise.race([
      loading.then(
        (model) => model,
        (error: unknown) => error,
      ),
      patience,
    ]);
    clearTimeout(timer);
    if (abortedAt !== undefined) outcome.slowest = Math.max(outcome.slowest, performance.now() - abortedAt);
    if (end === reason) outcome.aborted++;
    else if (end === pending) fault(round, `${name} is still pending`);
    else if (end instanceof Error) fault(round, `${name} ended in ${end.name}: ${end.message}`);
    else {
      outcome.loaded++;
      (end as Awaited<ReturnType<Load>>).dispose();
    }
    if (cache !== false) {
      const parts = (await readdir(cache).catch(() => [])).filter((file) => file.endsWith('.part'));
      if (parts.length > 0) fault(round, `${name} leaves ${parts.length} unfinished files`);
    }
    // The first loads open what stays: the connections that are kept for the next request.
    if (round === Math.min(20, count >> 1)) handles = await openHandles();
  }
  await server.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  process.off('warning', onWarning);
  const left = (await openHandles()) - (handles ?? 0);
  if (left > 0) fault(count, `${left} more open files than after the first loads`);
  await rm(folder, { recursive: true, force: true });
  return outcome;
}
