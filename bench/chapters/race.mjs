// Participants against each other: pages of their own, answers before any clock, then bursts in turn, so that whatever else
// the machine does hits all alike.
import { call, openPage } from '../browser/page.mjs';
import { modelFile } from '../models/formats.mjs';
import { median } from './statistics.mjs';

/** Milliseconds that every participant runs before it counts: engines compile twice, the second time while running. */
const warmUpLength = 1500;
/** Milliseconds of a burst, roughly: long enough to fill the caches that the others have emptied. */
const burstLength = 150;

/** A participant that has given its first answer. */
export async function enter({ browser, origin }, [name, model], runner) {
  const file = modelFile(name, model, runner);
  const page = await openPage(browser, origin, 'participant.js');
  await call(page, 'start', { ...runner, model, file });
  return { name, model, runner, page, logits: await call(page, 'logits'), bursts: [] };
}

/** Whether the browser has what a participant needs: the instructions of its build, and memory that threads share. */
export async function canRun({ browser, origin }, { variant, threads }) {
  if (variant === undefined && threads === 1) return true;
  const page = await openPage(browser, origin, 'participant.js');
  try {
    return await call(page, 'supports', { variant, threads });
  } finally {
    await page.close();
  }
}

/** Runs the entrants in turn, each `rounds` times, and closes their pages. Their `bursts` are the milliseconds. */
export async function takeTurns(entrants, rounds) {
  for (const entrant of entrants) await warmUp(entrant);
  for (let round = 0; round < rounds; round++) {
    for (const { page, burst, bursts } of entrants) bursts.push(await call(page, 'burst', burst));
  }
  for (const { page } of entrants) await page.close();
}

async function warmUp(entrant) {
  const begin = performance.now();
  const times = [];
  while (performance.now() - begin < warmUpLength) times.push(...(await call(entrant.page, 'burst', 2)));
  entrant.burst = Math.max(1, Math.round(burstLength / Math.min(...times)));
}

/** How far the greatest difference of two lists of logits is. */
export function distance(logits, reference) {
  return Math.max(...logits.map((value, index) => Math.abs(value - reference[index])));
}

/** The median of what single rounds say of two entrants' bursts; a burst's fastest pass stands for it. */
export function ratio(ours, theirs) {
  return median(ours.map((burst, round) => Math.min(...burst) / Math.min(...theirs[round])));
}
