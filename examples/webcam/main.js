// Classifies what the camera sees, one frame after the other, and shows each frame with its answers, until the button
// is pressed again. The camera is let go then, and rests while nobody looks at the page.
import { load } from 'vit-wasm';

const button = document.querySelector('button');
const canvas = document.querySelector('canvas');
const list = document.querySelector('ol');
const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
let watching;

button.addEventListener('click', () => {
  watching?.abort();
  watching = watching ? undefined : new AbortController();
  button.textContent = watching ? 'Stop' : 'Start';
  if (watching) watch(watching.signal).catch(show);
});

async function watch(signal) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  signal.addEventListener('abort', () => stream.getTracks().forEach((track) => track.stop()));
  const model = await load(undefined, { signal });
  try {
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) await (document.hidden ? visible() : classifyFrame(model, signal));
  } finally {
    model.dispose();
  }
}

async function classifyFrame(model, signal) {
  const frame = await createImageBitmap(video);
  const predictions = await model.classify(frame, { topK: 5, signal });
  canvas.width = frame.width;
  canvas.height = frame.height;
  canvas.getContext('2d').drawImage(frame, 0, 0);
  frame.close();
  list.replaceChildren(...predictions.map(answer));
  // Lets the page show them before the next frame.
  await new Promise(requestAnimationFrame);
}

function visible() {
  return new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
}

function answer({ label, probability }) {
  const item = document.createElement('li');
  item.append(`${label} `, Object.assign(document.createElement('meter'), { value: probability }));
  return item;
}

function show(error) {
  if (error.name === 'AbortError') return;
  const message = { role: 'alert', textContent: error.message };
  list.replaceChildren(Object.assign(document.createElement('li'), message));
}
