// Classifies what the camera sees and shows each frame with its answers, until the button is pressed again. The camera is
// switched off then.
import { load } from 'vit-wasm';

const button = document.querySelector('button');
const canvas = document.querySelector('canvas');
const list = document.querySelector('ol');
let watching;

button.addEventListener('click', async () => {
  if (watching) return watching.abort();
  watching = new AbortController();
  button.textContent = 'Stop';
  await watch(watching.signal).catch(show);
  watching = undefined;
  button.textContent = 'Start';
});

async function watch(signal) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  let model;
  try {
    model = await load(undefined, { signal });
    // What is shown is the frame that the answers are about.
    const verb = async (frame, call) => {
      const picture = await createImageBitmap(frame);
      return { picture, predictions: await model.classify(picture, { topK: 5, ...call }) };
    };
    for await (const { value } of model.watch(stream, { verb, signal })) showAnswers(value);
  } finally {
    model?.dispose();
    stream.getTracks().forEach((track) => track.stop());
  }
}

function showAnswers({ picture, predictions }) {
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d').drawImage(picture, 0, 0);
  picture.close();
  list.replaceChildren(...predictions.map(answer));
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
