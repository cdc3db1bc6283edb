// Classes that are typed while a camera is watched: the words are encoded anew, the pictures go on.
import { loadModel, make } from './model.js';

const find = (selector) => document.querySelector(selector);
const [labels, template, button, canvas, list] = ['#labels', '#template', 'button', 'canvas', 'ol'].map(find);
const say = (text) => (find('[role=status]').textContent = text);
const complain = (text) => (find('[role=alert]').textContent = text);

let loading;
let watching;
let timer;

button.onclick = () => {
  if (watching) {
    watching.abort();
    return;
  }
  watching = new AbortController();
  button.textContent = 'Stop the camera';
  complain('');
  watch(watching.signal)
    .catch(report)
    .finally(() => {
      watching = undefined;
      button.textContent = 'Start the camera';
    });
};

for (const field of [labels, template]) {
  field.oninput = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void (loading && setClasses().catch(report)), 400);
  };
}

async function watch(signal) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  try {
    loading ??= loadModel(say);
    const model = await loading.catch((error) => {
      // The next click tries again.
      loading = undefined;
      throw error;
    });
    await setClasses();
    // What is shown is the frame that the answers are about.
    const verb = async (frame, call) => {
      const picture = await createImageBitmap(frame);
      return { picture, predictions: await model.classify(picture, { topK: 10, ...call }) };
    };
    for await (const { value, fps } of model.watch(stream, { verb, signal })) {
      show(value);
      say(`${fps.toFixed(1)} pictures a second`);
    }
  } finally {
    stream.getTracks().forEach((track) => track.stop());
  }
}

/** Gives the model what is written now; classes that could not be encoded leave the ones before. */
async function setClasses() {
  const model = await loading;
  const wanted = new Set(labels.value.split('\n').map((line) => line.trim()));
  wanted.delete('');
  say('Encoding the classes');
  await model.setLabels([...wanted], { template: template.value });
  complain('');
  say(`${wanted.size} classes`);
}

function show({ picture, predictions }) {
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d').drawImage(picture, 0, 0);
  picture.close();
  const rows = predictions.map(({ label, probability }) => {
    return make('li', {}, `${label} `, make('meter', { value: probability }));
  });
  list.replaceChildren(...rows);
}

function report(error) {
  if (error.name === 'AbortError') return;
  say('');
  complain(error.message);
}
