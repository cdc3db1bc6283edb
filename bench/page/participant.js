// One participant of a race, in a page of its own. The race calls these functions from outside.
import { picture, pixelValues } from '../models/picture.mjs';

let engine;
let input;

/** Starts an engine on a model; `spec` is the participant's and the model's rows of plan.mjs. */
async function start({ engine: name, model, ...options }) {
  input ??= inputFor(model);
  const { create } = await import(`./engines/${name}.js`);
  engine = await create({ model, ...options });
}

/** Whether a build of vit-wasm, where one is named, and so many threads can run here. */
async function supports({ variant, threads }) {
  if (threads > 1 && typeof SharedArrayBuffer === 'undefined') return false;
  const { isSupported } = await import('/dist/index.js');
  return isSupported(variant);
}

/** What the engine says of itself. */
function info() {
  return engine.info;
}

function inputFor({ image }) {
  const square = picture(image);
  return { picture: square, pixels: pixelValues(square) };
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

/** Classifies `count` pictures, in one call or one after another; gives the answers and the milliseconds of all. */
async function classify({ count, together }) {
  const { data, ...size } = input.picture;
  const pictures = Array.from({ length: count }, (_, at) => ({
    data: data.map((byte) => byte ^ at),
    ...size,
  }));
  const begin = performance.now();
  const answers = [];
  if (together) answers.push(...(await engine.classify(pictures)));
  else for (const picture of pictures) answers.push(await engine.classify(picture));
  return { answers, time: performance.now() - begin };
}

/** Milliseconds from the engine's import to the first result. */
async function coldStart(spec) {
  input = inputFor(spec.model);
  const begin = performance.now();
  await start(spec);
  await engine.run(input);
  return performance.now() - begin;
}

let source;

/** Makes the source that `preprocess` is to take: a picture of noise, as pixels or on a canvas. Gives its pixel values. */
async function prepare({ width, height, onCanvas }) {
  const data = new Uint8ClampedArray(width * height * 4);
  const pixels = new Uint32Array(data.buffer);
  for (let at = 0, state = 1; at < pixels.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels[at] = (state >>> 8) | 0xff000000;
  }
  source = { data, width, height };
  if (onCanvas) {
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
    source = canvas;
  }
  return [...(await engine.preprocess(source))];
}

/** Milliseconds of several times through preprocessing. */
async function preprocess() {
  const times = [];
  for (let i = 0; i < 6; i++) {
    const begin = performance.now();
    await engine.preprocess(source);
    times.push(performance.now() - begin);
  }
  return times;
}

globalThis.participant = { start, supports, info, logits, burst, classify, coldStart, prepare, preprocess };
