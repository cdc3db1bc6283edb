// One participant of the race of words, in a page of its own. The race calls these functions from outside.
import { picture } from '../models/picture.mjs';

const template = 'a photo of {}';
let engine;
let input;

async function timed(work) {
  const begin = performance.now();
  const result = await work();
  return { result, time: performance.now() - begin };
}

/** Loads the engine and asks for the first answer. */
async function first({ engine: name, labels, image, ...options }) {
  input = picture(image);
  const { create } = await import(`./engines/${name}.js`);
  return await timed(async () => {
    engine = await create(options);
    return await engine.classify(input, labels, template);
  });
}

/** Answers for a picture: with `again`, labels are as new as at the first call. */
async function classify({ labels, again }) {
  if (again) engine.forget();
  // The same array is the same labels.
  kept = JSON.stringify(kept) === JSON.stringify(labels) ? kept : labels;
  return await timed(() => engine.classify(input, kept, template));
}

let kept;

globalThis.participant = { first, classify };
