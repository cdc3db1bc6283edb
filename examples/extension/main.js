import { load } from 'vit-wasm';

const canvas = document.querySelector('canvas');
const list = document.querySelector('ol');
const loading = load();

document.querySelector('input').addEventListener('change', async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  try {
    const picture = await createImageBitmap(file);
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext('2d').drawImage(picture, 0, 0);
    const model = await loading;
    list.replaceChildren(...(await model.classify(canvas, { topK: 5 })).map(answer));
  } catch (error) {
    list.replaceChildren(
      Object.assign(document.createElement('li'), { role: 'alert', textContent: error.message }),
    );
  }
});

function answer({ label, probability }) {
  const item = document.createElement('li');
  item.append(`${label} `, Object.assign(document.createElement('meter'), { value: probability }));
  return item;
}
