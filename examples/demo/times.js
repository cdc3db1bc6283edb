// Where the time of an answer goes.
import { element, milliseconds } from './dom.js';

/**
 * Shows how long the first answer took, then asks again, warm, and shows the parts: a call that only preprocesses is
 * decoding and preprocessing, and one that classifies is both and inference.
 */
export async function setTimes({ model, picture, region, first, current }) {
  put('first', first);
  for (const part of ['decode', 'preprocess', 'inference']) put(part);
  const { source, decodeTime } = picture;
  const prepared = await timed(() => model.preprocess(source, { region }));
  const answered = await timed(() => model.classify(source, { region }));
  if (!current()) return;
  const decode = Math.min(decodeTime, prepared);
  put('decode', decode);
  put('preprocess', prepared - decode);
  put('inference', Math.max(0, answered - prepared));
}

async function timed(call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

function put(part, time) {
  element(`time-${part}`).textContent = time === undefined ? '–' : milliseconds(time);
}
