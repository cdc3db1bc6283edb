// The page: a picture and a model come in, five answers come out. Whichever comes last starts the classification.
import { Camera } from './camera.js';
import { Look } from './look.js';
import { ModelPicker } from './model-picker.js';
import { decode, filesOf, isPicture, show } from './picture.js';
import { showAnswers, showPictureError, showRate, showTimes, showWaiting } from './answers.js';

const element = (id) => document.getElementById(id);

/** What is looked at: `{ source, decodeTime, name }`, or undefined before the first picture. */
let picture;
/** Grow with every picture and every classification: what a newer one has overtaken is dropped. */
let pictures = 0;
let questions = 0;

const look = new Look(() => {
  if (picture && picker.model && !camera.running) void look.draw(picker.model, picture.source);
});
const camera = new Camera();
const picker = new ModelPicker(() => {
  camera.stop();
  look.setModel(picker.model.info);
  void classify();
});

async function classify() {
  const { model } = picker;
  if (!picture || !model) return;
  const mine = ++questions;
  showWaiting();
  try {
    const start = performance.now();
    const predictions = await model.classify(picture.source, { topK: 5 });
    if (mine !== questions) return;
    showAnswers(predictions);
    showTimes(picture.decodeTime, performance.now() - start);
    look.setAnswers(predictions);
    await look.draw(model, picture.source);
  } catch (error) {
    if (mine === questions) showPictureError(error.message);
  }
}

async function takePicture(blob, name) {
  const mine = ++pictures;
  camera.stop();
  look.clear();
  try {
    const decoded = await decode(blob);
    if (mine !== pictures) {
      decoded.source.close();
      return;
    }
    picture?.source.close();
    picture = { ...decoded, name };
    show(element('canvas'), picture.source);
    nameIs(name, picture.source);
    await classify();
  } catch {
    if (mine !== pictures) return;
    // The answers to the last picture, if they are still to come, would look like this one's.
    questions++;
    showPictureError(`"${name}" is not a picture that this browser can read.`);
  }
}

function nameIs(name, { width, height }) {
  element('picture-name').textContent = `${name}, ${width}\u00a0×\u00a0${height} pixels`;
}

/** Files that were chosen, dropped or pasted: the first picture among them, or else a model. */
function takeFiles(files) {
  const found = files.find(isPicture);
  if (found) return takePicture(found, found.name);
  if (files.some((file) => /\.(safetensors|json)$/.test(file.name))) return picker.loadFiles(files);
  if (files.length > 0) showPictureError(`"${files[0].name}" is neither a picture nor a model folder.`);
}

element('picture-file').addEventListener('change', ({ target }) => {
  const [file] = target.files;
  // Chosen again, the same file is to count as a change.
  target.value = '';
  if (file) void takePicture(file, file.name);
});

element('camera').addEventListener('click', async () => {
  if (camera.running) {
    camera.stop();
    if (picture) nameIs(picture.name, picture.source);
    return void classify();
  }
  const { model } = picker;
  if (!model) return;
  questions++;
  look.clear();
  element('picture-name').textContent = 'The camera';
  const answer = async (frame, call) => ({
    predictions: await model.classify(frame, { topK: 5, ...call }),
    map: await look.mapOf(model, frame, call),
  });
  try {
    await camera.start(model, answer, ({ predictions, map }, fps, latency) => {
      const video = element('video');
      showAnswers(predictions);
      showRate(fps, latency);
      look.setAnswers(predictions);
      look.put(map, { width: video.videoWidth, height: video.videoHeight });
    });
  } catch (error) {
    const refused = { NotAllowedError: 'The camera was not allowed.', NotFoundError: 'There is no camera.' };
    showPictureError(refused[error.name] ?? error.message);
  }
});

document.addEventListener('paste', ({ clipboardData }) => void takeFiles([...clipboardData.files]));

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', ({ relatedTarget }) => {
  if (!relatedTarget) document.body.classList.remove('dropping');
});
document.addEventListener('drop', async (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  takeFiles(await filesOf(event.dataTransfer));
});

/** Photographs to begin with, in the public domain (CC0): file names, and what they show. */
const samples = {
  coffee: 'A cup of coffee',
  cat: 'A tabby cat',
  pizza: 'A pizza',
  burger: 'A burger',
};

for (const [file, title] of Object.entries(samples)) {
  const address = `samples/${file}.jpg`;
  const button = document.createElement('button');
  button.type = 'button';
  button.title = title;
  const image = document.createElement('img');
  image.src = address;
  image.alt = title;
  button.append(image);
  button.addEventListener('click', async () => {
    try {
      const response = await fetch(address);
      await takePicture(await response.blob(), title);
    } catch {
      showPictureError(`The sample could not be downloaded (${title}); check your connection.`);
    }
  });
  element('samples').append(button);
}

// Something to look at before the visitor has chosen anything.
element('samples').firstElementChild.click();
picker.loadBuiltin();
