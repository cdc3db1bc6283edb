// From nothing to the first answer: a fresh browser each time, the engine and the model from this machine's server. And
// again with the same profile, which has what the first visit left there.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchWithProfile } from '../browser/chromium.mjs';
import { call, openPage } from '../browser/page.mjs';
import { brotliBytes } from '../browser/wire.mjs';
import { modelFile } from '../models/formats.mjs';
import { coldStarts } from '../plan.mjs';
import { ratio } from './race.mjs';
import { median } from './statistics.mjs';

/**
 * Returns a row for each of plan.mjs's cold starts, on the first of `models`: milliseconds from import to first result in
 * the first and the second visit, what the engine takes over the wire, and the most memory that the page's process had,
 * beyond an empty page's.
 */
export async function cold({ server, models: [[name, model]], rounds, engines }) {
  const starters = coldStarts.filter(({ engine }) => engines.includes(engine));
  const rows = starters.map((runner) => {
    const spec = { ...runner, model, file: modelFile(name, model, runner) };
    return { runner, spec, first: [], second: [], memory: [] };
  });
  const empty = [];
  for (let round = 0; round < rounds; round++) {
    await withProfile(async (profile) => {
      empty.push((await visit(server.origin, profile, () => undefined)).memory);
    });
    for (const row of rows) await visitTwice(server, row);
  }
  return rows.map(({ runner, first, second, memory, files }) => {
    const own = rows.find(({ runner: { engine, dtype } }) => engine === 'vit-wasm' && dtype === runner.dtype);
    const singly = (times) => times.map((time) => [time]);
    return {
      model: name,
      name: runner.name,
      dtype: runner.dtype,
      median: median(first),
      minimum: Math.min(...first),
      again: median(second),
      // Our time over this one's.
      ...(own && {
        ratio: ratio(singly(own.first), singly(first)),
        ratioAgain: ratio(singly(own.second), singly(second)),
      }),
      memoryMB: (median(memory) - median(empty)) / 1e6,
      wireKB: files.reduce((sum, file) => sum + brotliBytes(file), 0) / 1e3,
    };
  });
}

async function visitTwice(server, row) {
  const start = async (page) => {
    await pause(); // A browser that has just started goes on with that behind its first page.
    const time = await call(page, 'coldStart', row.spec);
    await pause(); // What is kept is still being written.
    return time;
  };
  await withProfile(async (profile) => {
    server.served.length = 0;
    const { memory, result } = await visit(server.origin, profile, start);
    row.first.push(result);
    row.memory.push(memory);
    row.files = server.served.filter(isEngine);
    row.second.push((await visit(server.origin, profile, start)).result);
  });
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 1000));

async function withProfile(body) {
  const folder = mkdtempSync(join(tmpdir(), 'vit-wasm-profile-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Does something in a new browser's page; also gives the bytes of memory that its process had at most. */
async function visit(origin, profile, body) {
  const browser = await launchWithProfile(profile);
  try {
    const page = await openPage(browser, origin, 'participant.js');
    const result = await body(page);
    const session = await browser.newSession();
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
