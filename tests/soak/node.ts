// Long runs in Node: memory and open files have to be in the end what they were after the first calls.
import { readdir } from 'node:fs/promises';

type Package = typeof import('../../web/index.js');

/** What a process holds, in bytes, and its open files. */
export interface Holdings {
  rss: number;
  heapUsed: number;
  external: number;
  files: number;
}

export async function holdings(): Promise<Holdings> {
  // What WebAssembly and buffers leave is freed only by a second collection.
  for (let times = 0; times < 3; times++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external, files: (await readdir('/proc/self/fd')).length };
}

/** How often `work` is done before holdings are compared: code is compiled, pools are filled. */
const warmUp = (count: number) => Math.min(100, Math.ceil(count / 5));

/** Does `work` so many times; what was held after the first few, and is in the end. */
async function repeated(count: number, work: (round: number) => Promise<void>) {
  let before: Holdings | undefined;
  for (let round = 0; round < count; round++) {
    if (round === warmUp(count)) before = await holdings();
    await work(round);
  }
  return { before: before ?? (await holdings()), after: await holdings() };
}

/** A picture that is another one in every round. */
function pictureOf(round: number) {
  const data = Uint8ClampedArray.from({ length: 4 * 64 * 48 }, (_, at) => (at * 31 + round * 7) & 255);
  return { data, width: 64, height: 48 };
}

/** Classifies so many pictures with the built-in model. */
export async function classifyMany({ load }: Package, count: number) {
  const model = await load();
  const wasmBytes = model.info.memoryBytes;
  const first = await model.logits(pictureOf(0));
  const held = await repeated(count, async (round) => void (await model.classify(pictureOf(round))));
  const last = await model.logits(pictureOf(0));
  const isSame = first.every((value, at) => value === last[at]);
  model.dispose();
  return { ...held, wasmBytes, isSame };
}

/** Loads the built-in model and disposes of it, so many times. */
export async function loadMany({ load }: Package, count: number) {
  return await repeated(count, async (round) => {
    const model = await load();
    if (round % 10 === 0) await model.classify(pictureOf(round));
    model.dispose();
  });
}
