// How much memory a load takes at its peak: ViT-B's file has 346 MB, and hardly more than the packed weights is ever there.
import { describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { CDPSession, Page } from 'playwright-core';

import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import type { Route } from './server.js';

/** The most that a load may take of wasm memory and JavaScript heap, of a model that takes so many bytes. */
const allowed = (modelBytes: number) => 1.25 * modelBytes + 40e6;

/**
 * What the browser's own objects take besides in the same process. Chromium leaves the buffers through which a response
 * comes to the collector of its C++ heap (`embedderHeapUsedSize`), which comes after some 60 MB, whoever reads the body.
 */
const ofTheBrowser = 64e6;

const config = { model_type: 'vit', hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 };

/** The tensors of a ViT with 12 blocks and patches of 16 × 16 in images of 224 × 224, 1000 classes. */
function shapesOf(hidden: number): Record<string, number[]> {
  const shapes: Record<string, number[]> = {
    'vit.embeddings.cls_token': [1, 1, hidden],
    'vit.embeddings.position_embeddings': [1, 197, hidden],
  };
  const linear = (name: string, outputs: number, inputs: number[]) => {
    shapes[`${name}.weight`] = [outputs, ...inputs];
    shapes[`${name}.bias`] = [outputs];
  };
  linear('vit.embeddings.patch_embeddings.projection', hidden, [3, 16, 16]);
  for (let layer = 0; layer < 12; layer++) {
    const block = `vit.encoder.layer.${layer}.`;
    for (const norm of ['layernorm_before', 'layernorm_after']) linear(block + norm, hidden, []);
    for (const part of ['attention.query', 'attention.key', 'attention.value', 'output.dense']) {
      linear(`${block}attention.${part}`, hidden, [hidden]);
    }
    linear(`${block}intermediate.dense`, 4 * hidden, [hidden]);
    linear(`${block}output.dense`, hidden, [4 * hidden]);
  }
  linear('vit.layernorm', hidden, []);
  linear('classifier', 1000, [hidden]);
  return shapes;
}

/** A block of small floats, of which the files are full. */
const noise = new Uint8Array(Float32Array.from({ length: 1 << 18 }, (_, i) => 0.04 * Math.sin(i * i)).buffer);

/** Sends random weights that are made as they are sent: nothing has to hold the file. */
function sendWeights(response: ServerResponse): void {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, shape] of Object.entries(shapesOf(config.hidden_size))) {
    const begin = end;
    end += 4 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  response.writeHead(200, { 'Content-Length': 8 + json.length + end });
  response.write(length);
  response.write(json);
  let sent = 0;
  const send = () => {
    while (sent < end) {
      const piece = noise.subarray(0, Math.min(noise.length, end - sent));
      sent += piece.length;
      if (!response.write(piece)) return void response.once('drain', send);
    }
    response.end();
  };
  send();
}

const random: Route = (request, response) => {
  if (request.url?.endsWith('/config.json')) response.writeHead(200).end(JSON.stringify(config));
  else if (request.url?.endsWith('/model.safetensors')) sendWeights(response);
  else response.writeHead(404).end();
};

const chromium = inChromium({ ...usualRoutes, '/random/': random });

/** Bytes of a process that are in memory, and the most there have been since `forgetPeak`. */
async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
  return { now: 1024 * kilobytes('VmRSS'), peak: 1024 * kilobytes('VmHWM') };
}

const forgetPeak = (pid: number) => writeFile(`/proc/${pid}/clear_refs`, '5');

/** The process that a page and its workers run in; leaves no garbage in it. */
async function processOf(page: Page): Promise<number> {
  const pids = await page
    .context()
    .browser()
    ?.newBrowserCDPSession()
    .then(async (session) => {
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    });
  // Another renderer may wait for a next page: ours is the one that grows.
  const before = await Promise.all((pids ?? []).map(memoryOf));
  await page.evaluate(() => Object.assign(self, { ballast: new Uint8Array(64 << 20).fill(1) }));
  const after = await Promise.all((pids ?? []).map(memoryOf));
  await page.evaluate(() => Object.assign(self, { ballast: undefined }));
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const grown = after.map(({ now }, index) => now - before[index].now);
  return (pids ?? [])[grown.indexOf(Math.max(...grown))];
}

interface HeapUsage {
  readonly usedSize: number;
  /** Of array buffers; wasm memory is not among them. */
  readonly backingStorageSize: number;
}

/** Measures the JavaScript heaps of a page and its workers, array buffers included, until `end` gives the most there was. */
async function watchHeaps(page: Page): Promise<{ end: () => Promise<number> }> {
  const session = await page.context().newCDPSession(page);
  const workers = new Map<string, (usage: HeapUsage) => void>();
  session.on('Target.attachedToTarget', ({ sessionId }) => workers.set(sessionId, () => undefined));
  session.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
  session.on('Target.receivedMessageFromTarget', ({ sessionId, message }) => {
    const { result } = JSON.parse(message) as { result?: HeapUsage };
    if (result) workers.get(sessionId)?.(result);
  });
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  const usageOf = async (of: CDPSession) => (await of.send('Runtime.getHeapUsage')) as HeapUsage;
  const usageOfWorker = (sessionId: string) =>
    new Promise<HeapUsage>((resolve) => {
      workers.set(sessionId, resolve);
      const message = JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' });
      void session.send('Target.sendMessageToTarget', { sessionId, message });
    });
  let peak = 0;
  let ended = false;
  const watching = (async () => {
    while (!ended) {
      const usages = await Promise.all([usageOf(session), ...[...workers.keys()].map(usageOfWorker)]);
      const sum = usages.reduce((bytes, usage) => bytes + usage.usedSize + usage.backingStorageSize, 0);
      peak = Math.max(peak, sum);
    }
  })();
  const end = async () => {
    ended = true;
    await watching;
    return peak;
  };
  return { end };
}

/** Runs in the page: loads the model, keeps it, and says how large it is. */
async function loadModel({ entry, url, options }: { entry: string; url: string; options: object }) {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, options);
  Object.assign(self, { model });
  return model.info.memoryBytes;
}

const places = [
  { worker: true, cache: true },
  { worker: true, cache: false },
  { worker: false, cache: true },
  { worker: false, cache: false },
];

describe.each(['fp32', 'int8'] as const)('ViT-B in %s', (dtype) => {
  it.each(places)('is loaded in 1.25 of its size and 40 MB: %j', async (place) => {
    const page = await chromium.open();
    await page.evaluate(loadModel, { entry, url: '/models/three-blocks/', options: place });
    const pid = await processOf(page);
    await forgetPeak(pid);
    const before = await memoryOf(pid);
    const heaps = await watchHeaps(page);
    const options = { ...place, dtype };
    const modelBytes = await page.evaluate(loadModel, { entry, url: `/random/${dtype}/`, options });
    const heap = await heaps.end();
    const physical = (await memoryOf(pid)).peak - before.now;
    const sizes = { modelBytes, heap, physical };
    if (process.env['SHOW_MEMORY']) console.log(JSON.stringify({ ...options, ...sizes }));
    expect(heap).toBeGreaterThan(1e5);
    expect(modelBytes + heap).toBeLessThan(allowed(modelBytes));
    expect(physical).toBeGreaterThan(modelBytes / 2);
    expect(physical).toBeLessThan(allowed(modelBytes) + ofTheBrowser);
  });
});
