// Several pictures in one call, `classify([a, b, …])`, against as many calls one after another, through the worker.
import { Failure } from '../../scripts/shell.mjs';
import { call, openPage } from '../browser/page.mjs';
import { modelFile } from '../models/formats.mjs';
import { classes, participants } from '../plan.mjs';
import { median } from './statistics.mjs';

/** Pictures of one call. */
const count = 8;

/** Returns a row for each kind of number and each number of threads: milliseconds per picture, answers compared first. */
export async function batch({ browser, origin, rounds, models }) {
  const [name, model] = models[0];
  const rows = [];
  for (const which of classes) {
    const runner = { ...participants[0], ...which, worker: true };
    const page = await openPage(browser, origin, 'participant.js');
    await call(page, 'start', { ...runner, model, file: modelFile(name, model, runner) });
    const classify = (together) => call(page, 'classify', { count, together });
    const [singly, together] = [await classify(false), await classify(true)];
    if (JSON.stringify(singly.answers) !== JSON.stringify(together.answers)) {
      throw new Failure(`${count} pictures get other answers in one call than singly. Nothing was timed.`);
    }
    const times = { singly: [], together: [] };
    for (let round = 0; round < rounds; round++) {
      // Each goes first in turn.
      for (const both of round % 2 ? [true, false] : [false, true]) {
        times[both ? 'together' : 'singly'].push((await classify(both)).time / count);
      }
    }
    await page.close();
    rows.push({
      model: name,
      ...which,
      count,
      singly: median(times.singly),
      together: median(times.together),
      ratio: median(times.together.map((time, round) => time / times.singly[round])),
    });
  }
  return rows;
}
