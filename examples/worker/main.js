// The page: shows the picture that was chosen and hands it to the worker.
const canvas = document.querySelector('canvas');
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

document.querySelector('input').addEventListener('change', async ({ target }) => {
  const picture = await createImageBitmap(target.files[0]);
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d').drawImage(picture, 0, 0);
  worker.postMessage(picture, [picture]);
});

worker.addEventListener('message', ({ data: { predictions, error } }) => {
  const answers = error ? [alert(error)] : predictions.map(answer);
  document.querySelector('ol').replaceChildren(...answers);
});

function answer({ label, probability }) {
  const item = document.createElement('li');
  item.append(`${label} `, Object.assign(document.createElement('meter'), { value: probability }));
  return item;
}

function alert(message) {
  return Object.assign(document.createElement('li'), { role: 'alert', textContent: message });
}
