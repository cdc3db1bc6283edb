/**
 * Draws an aeroplane on the page's canvas and lists what a model says of it: the built-in model, or the one that the
 * page's address names (`?model=/models/mine/`). Whatever goes wrong is said in an element with the role "alert".
 */
export async function showAnswers(load, options = {}) {
  try {
    const canvas = drawAeroplane(document.querySelector('canvas'));
    const place = new URLSearchParams(location.search).get('model') ?? undefined;
    const model = await load(place, options);
    const predictions = await model.classify(canvas, { topK: model.info.classes });
    document.querySelector('ol').append(...predictions.map(listItem));
    document.title = `${model.info.variant}, ${model.info.threads}`;
  } catch (error) {
    const message = Object.assign(document.createElement('p'), { role: 'alert', textContent: error.message });
    document.body.append(message);
  }
}

function drawAeroplane(canvas) {
  const context = canvas.getContext('2d');
  context.fillStyle = 'lightskyblue';
  context.fillRect(0, 0, 320, 320);
  context.fillStyle = 'whitesmoke';
  context.ellipse(160, 160, 140, 24, 0.2, 0, 2 * Math.PI);
  context.ellipse(150, 160, 24, 120, 0.2, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

function listItem({ label, probability }) {
  const item = document.createElement('li');
  item.append(label, ' ', Object.assign(document.createElement('meter'), { value: probability }));
  return item;
}
