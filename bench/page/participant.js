// One participant of a race, in a page of its own. The race calls these functions from outside.
import { picture, pixelValues } from '../models/picture.mjs';

let engine;
let input;

/** Starts an engine on a model; `spec` is the participant's and the model's rows of plan.mjs. */
async function start({ engine: name, model, ...options }) {
  const { create } = await import(`./engines/${name}.js`);
  const image = picture(model.image);
  input = { picture: image, pixels: pixelValues(image) };
  engine = await create({ model, ...options });
}

/** One forward pass; gives the logits [classes]. */
async function logits() {
  return [...(await engine.run(input))];
}

/** `count` forward passes one after another; gives the milliseconds of each. */
async function burst(count) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await engine.run(input);
    times.push(performance.now() - begin);
  }
  return times;
}

/** Milliseconds from the engine's import to the first result. */
async function coldStart(spec) {
  const begin = performance.now();
  await start(spec);
  await engine.run(input);
  return performance.now() - begin;
}

/** Milliseconds of several times through preprocessing, of a picture of noise. */
async function preprocess({ width, height }) {
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < data.length; at += 65536) crypto.getRandomValues(data.subarray(at, at + 65536));
  const times = [];
  for (let i = 0; i < 6; i++) {
    const begin = performance.now();
    await engine.preprocess({ data, width, height });
    times.push(performance.now() - begin);
  }
  return times;
}

globalThis.participant = { start, logits, burst, coldStart, preprocess };
