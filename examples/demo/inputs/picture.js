// From a file to a picture that can be shown and classified.

/** More pixels than the page ever shows at once; a photograph of a telephone has twelve times as many. */
export const shownEdge = 1024;

/**
 * @typedef {object} Picture
 * @property {Blob | HTMLCanvasElement} source what the model is given: all of it, as it came
 * @property {ImageBitmap | HTMLCanvasElement} shown the same, small enough to be drawn quickly
 * @property {number} width of the source, in pixels
 * @property {number} height of the source
 * @property {string} name
 * @property {string} [sample] the name of the sample that it is
 * @property {boolean} [drawing] whether it changes with every stroke
 */

export const isPicture = (file) =>
  file.type.startsWith('image/') || /\.(heic|heif|avif)$/i.test(file.name ?? '');

/** Reads a picture without blocking the page. Rejects with an error whose message is for the visitor. */
export async function read(blob, name) {
  if (blob.type === 'image/svg+xml') return (await import('./unusual.js')).readDrawing(blob, name);
  const { shown, width, height } = await decode(blob);
  if (!shown) throw new Error(await (await import('./unusual.js')).whyNot(blob, name));
  return { source: blob, shown, width, height, name };
}

/** Milliseconds that decoding a picture's file takes. */
export async function decodeTimeOf(blob) {
  const { shown, decodeTime } = await decode(blob);
  shown.close();
  return decodeTime;
}

let decoder;
let count = 0;

/** `{ shown, width, height, decodeTime }` of a file, or only its `id` if it cannot be read. */
function decode(file) {
  decoder ??= new Worker('inputs/decoder.js', { type: 'module' });
  const id = ++count;
  return new Promise((resolve) => {
    const take = ({ data }) => {
      if (data.id !== id) return;
      decoder.removeEventListener('message', take);
      resolve(data);
    };
    decoder.addEventListener('message', take);
    decoder.postMessage({ id, file, longest: shownEdge });
  });
}
