// Which kernels models choose while they load, time after time: on an idle machine, and on one whose cores others keep busy.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { call, openPage } from '../browser/page.mjs';
import { modelFile } from '../models/formats.mjs';
import { participants } from '../plan.mjs';
import { canRun } from './race.mjs';

/** Loads of each kind. Every one has a page of its own, because pages remember what they measured. */
const loads = 24;

/** Returns a row for each dtype, idle and busy: how often each tile was chosen, and the reasons given. */
export async function choice(setting) {
  const [name, model] = setting.models[0];
  const rows = [];
  for (const isBusy of [false, true]) {
    const others = isBusy ? keepBusy() : [];
    for (const dtype of ['fp32', 'int8']) {
      const format = dtype === 'int8' ? 'converted' : 'checkpoint';
      const runner = { ...(await oursHere(setting, dtype)), worker: true, format };
      const chosen = {};
      for (let load = 0; load < loads; load++) {
        const { kernels, kernelsReason } = await loadOnce(setting, [name, model], runner);
        const what = `${kernels}: ${kernelsReason}`;
        chosen[what] = (chosen[what] ?? 0) + 1;
      }
      rows.push({ model: name, variant: runner.variant, dtype, isBusy, loads, chosen });
    }
    await Promise.all(others.map((other) => other.terminate()));
  }
  return rows;
}

async function oursHere(setting, wanted) {
  for (const runner of participants) {
    const { engine, dtype, threads } = runner;
    if (engine !== 'vit-wasm' || dtype !== wanted || threads !== 1) continue;
    if (await canRun(setting, runner)) return runner;
  }
  throw new Error('No build of vit-wasm runs in this browser.');
}

async function loadOnce({ browser, origin }, [name, model], runner) {
  const page = await openPage(browser, origin, 'participant.js');
  try {
    await call(page, 'start', { ...runner, model, file: modelFile(name, model, runner) });
    return await call(page, 'info');
  } finally {
    await page.close();
  }
}

/** A thread for each core that does nothing but take its time. */
function keepBusy() {
  return Array.from({ length: availableParallelism() }, () => new Worker('for (;;);', { eval: true }));
}
