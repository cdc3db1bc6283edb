// One participant of the race of words, in a page of its own. The race calls these functions from outside.
import { picture } from '../models/picture.mjs';

const template = 'a photo of {}';
let engine;
let input;

/** Loads the engine and asks for the first answer: { answers, time }. */
async function first({ engine: name, labels, image, ...options }) {
  input = picture(image);
  const { create } = await import(`./engines/${name}.js`);
  const begin = performance.now();
  engine = await create(options);
  await engine.setLabels(labels, template);
  const answers = await engine.classify(input, template);
  return { answers, time: performance.now() - begin };
}

/** Milliseconds that labels take once more, and then a picture. */
async function again({ labels }) {
  const begin = performance.now();
  await engine.setLabels(labels, template);
  const between = performance.now();
  await engine.classify(input, template);
  return { labels: between - begin, picture: performance.now() - between };
}

globalThis.participant = { first, again };
