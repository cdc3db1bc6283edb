// How much memory a page takes: what the system says of its process, and what the JavaScript engine says of its parts.
import { readFile, writeFile } from 'node:fs/promises';
import type { CDPSession, Page } from 'playwright-core';

/** Bytes of a process that are in memory, and the most there have been since `forgetPeak`. */
export async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
  return { now: 1024 * kilobytes('VmRSS'), peak: 1024 * kilobytes('VmHWM') };
}

export const forgetPeak = (pid: number) => writeFile(`/proc/${pid}/clear_refs`, '5');

/** By how many bytes a page is made to grow, to tell its process from others. */
const ballast = 64 << 20;

/** The process that a page and its workers run in; leaves no garbage in it. */
export async function processOf(page: Page): Promise<number> {
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
  await page.evaluate((size) => Object.assign(self, { ballast: new Uint8Array(size).fill(1) }), ballast);
  const after = await Promise.all((pids ?? []).map(memoryOf));
  await page.evaluate(() => Object.assign(self, { ballast: undefined }));
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const grown = after.map(({ now }, index) => now - before[index].now);
  const which = grown.indexOf(Math.max(...grown));
  const pid = (pids ?? [])[which];
  // What is still resident of it would be taken for the page's own, and used again without a trace.
  for (let tries = 0; (await memoryOf(pid)).now > before[which].now + ballast / 8; tries++) {
    if (tries === 50) throw new Error(`The page's process has kept its ${ballast} bytes of ballast for 5 s.`);
    await page.waitForTimeout(100);
  }
  return pid;
}

interface HeapUsage {
  readonly usedSize: number;
  /** Of array buffers; wasm memory is not among them. */
  readonly backingStorageSize: number;
}

/** The JavaScript heaps of a page and its workers. */
export interface Heaps {
  /** Bytes of all, array buffers included. */
  readonly size: () => Promise<number>;
  readonly collectGarbage: () => Promise<void>;
}

type Send = (method: string) => Promise<unknown>;

export async function heapsOf(page: Page): Promise<Heaps> {
  const session = await page.context().newCDPSession(page);
  const workers = new Map<string, Send>();
  session.on('Target.attachedToTarget', ({ sessionId }) =>
    workers.set(sessionId, toWorker(session, sessionId)),
  );
  session.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  const toPage: Send = (method) => session.send(method as 'Runtime.getHeapUsage');
  const ofAll = <T>(ask: (send: Send) => Promise<T>) => Promise.all([toPage, ...workers.values()].map(ask));
  return {
    size: async () => (await ofAll(heapSize)).reduce((a, b) => a + b),
    collectGarbage: async () => void (await ofAll((send) => send('HeapProfiler.collectGarbage'))),
  };
}

/** Sends to a worker through its page. */
function toWorker(session: CDPSession, sessionId: string): Send {
  const waiting = new Map<number, (result: unknown) => void>();
  session.on('Target.receivedMessageFromTarget', (received) => {
    if (received.sessionId !== sessionId) return;
    const { id, result } = JSON.parse(received.message) as { id: number; result?: unknown };
    waiting.get(id)?.(result);
  });
  let last = 0;
  return (method) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      const message = JSON.stringify({ id: last, method });
      void session.send('Target.sendMessageToTarget', { sessionId, message });
    });
}

async function heapSize(send: Send): Promise<number> {
  const { usedSize, backingStorageSize } = (await send('Runtime.getHeapUsage')) as HeapUsage;
  return usedSize + backingStorageSize;
}
