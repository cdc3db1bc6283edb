// From nothing to the first answer: a fresh browser each time, the engine and the model from this machine's server.
import { readFileSync } from 'node:fs';
import { call, launchChromium, openPage } from '../browser/chromium.mjs';
import { brotliBytes } from '../browser/wire.mjs';
import { modelFile } from '../models/formats.mjs';
import { coldStarts } from '../plan.mjs';
import { median } from './statistics.mjs';

/**
 * Returns a row for each of plan.mjs's cold starts, on the first of `models`: milliseconds from import to first result,
 * what the engine takes over the wire, and the most memory that the page's process had, beyond an empty page's.
 */
export async function cold({ server, models: [[name, model]], rounds, engines }) {
  const starters = coldStarts.filter(({ engine }) => engines.includes(engine));
  const rows = starters.map((runner) => ({
    runner,
    file: modelFile(name, model, runner),
    times: [],
    memory: [],
  }));
  const empty = [];
  for (let round = 0; round < rounds; round++) {
    empty.push((await visit(server.origin, () => undefined)).memory);
    for (const row of rows) {
      server.served.length = 0;
      const { memory, result } = await visit(server.origin, async (page) => {
        await settled();
        return await call(page, 'coldStart', { ...row.runner, model, file: row.file });
      });
      row.times.push(result);
      row.memory.push(memory);
      row.files = server.served.filter(isEngine);
    }
  }
  return rows.map(({ runner, times, memory, files }) => ({
    model: name,
    name: runner.name,
    dtype: runner.dtype,
    median: median(times),
    minimum: Math.min(...times),
    memoryMB: (median(memory) - median(empty)) / 1e6,
    wireKB: files.reduce((sum, file) => sum + brotliBytes(file), 0) / 1e3,
  }));
}

/** A browser that has just started goes on with that behind its first page, on the cores that are to be measured. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 1000));

/** Does something in a new browser's page; also gives the bytes of memory that its process had at most. */
async function visit(origin, body) {
  const browser = await launchChromium();
  try {
    const page = await openPage(browser, origin, 'participant.js');
    const result = await body(page);
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer');
    return { result, memory: Math.max(...renderers.map(({ id }) => peakMemory(id))) };
  } finally {
    await browser.close();
  }
}

/** Bytes of physical memory that a process had at most, as Linux counts. */
function peakMemory(id) {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'));
  return Number(kilobytes) * 1024;
}

/** Whether a file that was served belongs to an engine, rather than to the benchmark or to the model. */
const isEngine = (file) =>
  !/\/bench\/(page|models)\/|\/bench\/models\/|model|\.onnx$|\.tflite$|\.json$/.test(file);
