// The page: shows the picture that was chosen and hands it to the worker.
const canvas = document.querySelector('canvas');
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

const list = document.querySelector('ol');

document.querySelector('input').addEventListener('change', async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  try {
    const picture = await createImageBitmap(file);
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext('2d').drawImage(picture, 0, 0);
    worker.postMessage(picture, [picture]);
  } catch (error) {
    list.replaceChildren(alert(error.message));
  }
});

worker.addEventListener('message', ({ data: { predictions, error } }) => {
  list.replaceChildren(...(error ? [alert(error)] : predictions.map(answer)));
});
worker.addEventListener('error', ({ message }) => {
  list.replaceChildren(alert(`The worker stopped: ${message || 'its script did not load'}`));
});

function answer({ label, probability }) {
  const item = document.createElement('li');
  item.append(`${label} `, Object.assign(document.createElement('meter'), { value: probability }));
  return item;
}

function alert(message) {
  return Object.assign(document.createElement('li'), { role: 'alert', textContent: message });
}
