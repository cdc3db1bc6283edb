// Runs in the page: pictures of many bands as each kind of source, read by web/pictures/sources.ts, against one canvas as
// large as they are.
import { readPixels } from '/pixels.js';

const width = 1300;
const height = 700;
const region = { x: 17, y: 33, width: 1201, height: 641 };

/** Every fourth row transparent to some degree, so that what is left of a band before would show through. */
const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, at) => {
  const row = Math.floor(at / (4 * width));
  return at % 4 < 3 ? (at * 37 + row * row) % 256 : row % 4 ? 255 : at % 251;
});
const image = new ImageData(data, width, height);

function painted(canvas) {
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas;
}

const offscreen = () => painted(new OffscreenCanvas(width, height));
const onPage = () => painted(Object.assign(document.createElement('canvas'), { width, height }));

function webgl() {
  const drawn = Object.assign(document.createElement('canvas'), { width, height });
  const gl = drawn.getContext('webgl2', { preserveDrawingBuffer: true });
  if (!gl) return undefined;
  gl.enable(gl.SCISSOR_TEST);
  for (let at = 0; at < 500; at++) {
    gl.scissor((at * 379) % width, (at * 211) % height, width / 9, height / 9);
    gl.clearColor((at % 7) / 7, (at % 11) / 11, (at % 13) / 13, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }
  return drawn;
}

/** Whose colors a canvas converts. What has sRGB is read without one. */
function displayP3() {
  const image = new ImageData(data, width, height, { colorSpace: 'display-p3' });
  return image.colorSpace === 'display-p3' ? image : undefined;
}

/** Undefined is what this browser does not have. */
const sources = {
  'a canvas': onPage,
  'an OffscreenCanvas': offscreen,
  'an ImageBitmap': () => createImageBitmap(offscreen()),
  'a VideoFrame': () => globalThis.VideoFrame && new VideoFrame(onPage(), { timestamp: 0, alpha: 'discard' }),
  'a WebGL canvas': webgl,
  'a Blob': () => offscreen().convertToBlob({ type: 'image/png' }),
  'an ImageData in Display-P3': displayP3,
};

/** What a canvas that is as large as the picture reads of it. */
async function whole(source) {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.imageSmoothingEnabled = false;
  if (source instanceof ImageData) context.putImageData(source, 0, 0);
  else if (!(source instanceof Blob)) context.drawImage(source, 0, 0);
  else {
    const settings = { premultiplyAlpha: 'none', colorSpaceConversion: 'none' };
    context.drawImage(await createImageBitmap(source, settings), 0, 0);
  }
  return context;
}

function differences(bands, expected) {
  let at = 0;
  let different = 0;
  for (const band of bands) for (const value of band) different += value === expected[at++] ? 0 : 1;
  return at === expected.length ? different : Infinity;
}

/** The bytes that differ, by kind of source, of all of it and of a region; and the pixels that our canvases still have. */
export async function compare() {
  const made = [];
  const Canvas = OffscreenCanvas;
  const answers = {};
  for (const [kind, make] of Object.entries(sources)) {
    const source = await make();
    if (!source) continue;
    const context = await whole(source);
    globalThis.OffscreenCanvas = function (...size) {
      made.push(new Canvas(...size));
      return made.at(-1);
    };
    const { bands } = await readPixels(source);
    const all = differences(bands, context.getImageData(0, 0, width, height).data);
    const part = await readPixels(source, { region });
    const { x, y } = region;
    const inside = differences(part.bands, context.getImageData(x, y, region.width, region.height).data);
    globalThis.OffscreenCanvas = Canvas;
    answers[kind] = { all, inside };
  }
  const left = made.reduce((sum, canvas) => sum + canvas.width * canvas.height, 0);
  return { answers, made: made.length, left };
}
