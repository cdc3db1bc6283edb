// Three classes of colors, taught in the same way to the models that Python opens and to those of the tests.

/** A picture of two colors in a pattern. */
function picture(a, b) {
  const data = new Uint8Array(40 * 40 * 4);
  for (let at = 0; at < 1600; at++) data.set((at >> 3) % 3 ? a : b, 4 * at);
  return { data, width: 40, height: 40 };
}

/** The one that is asked about. */
export const asked = picture([200, 90, 90, 255], [0, 70, 80, 255]);

/** @param {import('vit-wasm').Model} model */
export async function taughtColors(model) {
  const own = model.fewShot();
  await own.add('red', picture([250, 10, 30, 255], [90, 0, 0, 255]));
  await own.add('green', picture([20, 240, 30, 255], [0, 60, 0, 255]));
  await own.add('blue', picture([20, 30, 250, 255], [0, 0, 80, 255]));
  await own.train();
  return own;
}
