// Runs in the page: one small picture as every kind of source, and what web/pictures/sources.ts reads from it.
import { readPixels } from '/pixels.js';

export const width = 4;
export const height = 3;
/** Opaque, every pixel another color. */
export const bytes = Uint8ClampedArray.from({ length: 4 * width * height }, (_, at) =>
  at % 4 === 3 ? 255 : (at * 37) % 256,
);
const imageData = new ImageData(bytes, width, height);

function canvas() {
  return Object.assign(document.createElement('canvas'), { width, height });
}

function painted(settings) {
  const painted = canvas();
  painted.getContext('2d', settings).putImageData(imageData, 0, 0);
  return painted;
}

function offscreen() {
  const painted = new OffscreenCanvas(width, height);
  painted.getContext('2d').putImageData(imageData, 0, 0);
  return painted;
}

async function shownBitmap() {
  const shown = canvas();
  shown.getContext('bitmaprenderer').transferFromImageBitmap(await createImageBitmap(imageData));
  return shown;
}

function webgl(name, settings) {
  const drawn = canvas();
  const gl = drawn.getContext(name, settings);
  gl.enable(gl.SCISSOR_TEST);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [red, green, blue] = bytes.subarray(4 * (y * width + x)).map(Number);
      gl.scissor(x, height - 1 - y, 1, 1);
      gl.clearColor(red / 255, green / 255, blue / 255, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
    }
  }
  return drawn;
}

let device;
async function webgpu() {
  const adapter = await navigator.gpu.requestAdapter();
  device = await adapter.requestDevice();
  const drawn = canvas();
  const context = drawn.getContext('webgpu');
  const usage = GPUTextureUsage.COPY_DST | GPUTextureUsage.RENDER_ATTACHMENT;
  context.configure({ device, format: 'rgba8unorm', usage, alphaMode: 'opaque' });
  return () => {
    const texture = context.getCurrentTexture();
    device.queue.writeTexture({ texture }, bytes, { bytesPerRow: 4 * width }, [width, height]);
    return drawn;
  };
}

function floats() {
  const data = Float16Array.from(bytes, (value) => value / 255);
  return new ImageData(data, width, height, { pixelFormat: 'rgba-float16' });
}

const png = () => offscreen().convertToBlob({ type: 'image/png' });

async function image() {
  return Object.assign(new Image(), { src: URL.createObjectURL(await png()) });
}

/** Each gives a source, or a function that gives it in the same task as it is read. */
export const sources = {
  'a 2D canvas': () => painted(),
  'a 2D canvas in Display-P3': () => painted({ colorSpace: 'display-p3' }),
  'a canvas that shows a bitmap': shownBitmap,
  'a WebGL canvas': () => () => webgl('webgl', {}),
  'a WebGL canvas without alpha': () => () => webgl('webgl', { alpha: false, antialias: false }),
  'a WebGL 2 canvas that keeps its buffer': () => webgl('webgl2', { preserveDrawingBuffer: true }),
  'a WebGPU canvas': webgpu,
  'an OffscreenCanvas': offscreen,
  'an ImageData': () => imageData,
  'an ImageData of halves': floats,
  'an ImageBitmap': () => createImageBitmap(imageData),
  'an <img> that is still loading': image,
  'a VideoFrame': () => new VideoFrame(painted(), { timestamp: 0 }),
  'raw RGBA': () => ({ data: bytes, width, height }),
  'a Blob': png,
  'a File': async () => new File([await png()], 'picture.png'),
  'an address': async () => URL.createObjectURL(await png()),
  'a URL': async () => new URL(URL.createObjectURL(await png())),
};

/** What is read from a source: its size and bytes, or the code and message of the error. */
export async function read(name, reading) {
  return await readSource(await sources[name](), reading);
}

async function readSource(made, reading) {
  try {
    const pixels = await readPixels(typeof made === 'function' ? made() : made, reading);
    return {
      width: pixels.width,
      height: pixels.height,
      data: [...pixels.bands].flatMap((band) => [...band]),
    };
  } catch (error) {
    return { code: error.code, message: error.message };
  }
}

/** Translucent, as raw pixels and on a canvas, laid on a color. */
export async function onBackground(background) {
  const data = Uint8ClampedArray.of(255, 0, 7, 128, 99, 99, 99, 0, 1, 2, 3, 255, 200, 100, 50, 200);
  const drawn = Object.assign(document.createElement('canvas'), { width: 2, height: 2 });
  drawn.getContext('2d').putImageData(new ImageData(data, 2, 2), 0, 0);
  return {
    raw: (await readSource({ data, width: 2, height: 2 }, { background })).data,
    canvas: (await readSource(drawn, { background })).data,
  };
}

export async function displayP3(color) {
  const data = Uint8ClampedArray.of(...color, 255);
  return await readSource(new ImageData(data, 1, 1, { colorSpace: 'display-p3' }));
}

/** A JPEG of 32×16, left half red and right half blue, that says its camera was turned by 90° to the right. */
export async function turned() {
  const drawn = new OffscreenCanvas(32, 16);
  const context = drawn.getContext('2d');
  context.fillStyle = 'red';
  context.fillRect(0, 0, 16, 16);
  context.fillStyle = 'blue';
  context.fillRect(16, 0, 16, 16);
  const jpeg = new Uint8Array(
    await (await drawn.convertToBlob({ type: 'image/jpeg', quality: 1 })).arrayBuffer(),
  );
  // APP1 of 34 bytes: "Exif", big-endian TIFF, one entry: orientation (0x112), one short, 6.
  const exif = '\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0';
  const orientation = Uint8Array.from(exif, (character) => character.charCodeAt(0));
  const blob = new Blob([jpeg.subarray(0, 2), orientation, jpeg.subarray(2)], { type: 'image/jpeg' });
  const element = Object.assign(new Image(), { src: URL.createObjectURL(blob) });
  return { blob: await readSource(blob), image: await readSource(element) };
}

/** Video of 64×48 that is red at its beginning and blue at its end, as a <video> that shows the frame at `time`. */
export async function video(time) {
  const drawn = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  const context = drawn.getContext('2d');
  const fill = (color) => {
    context.fillStyle = color;
    context.fillRect(0, 0, 64, 48);
  };
  fill('rgb(220 30 30)'); // before the recorder sees the canvas, whose first frame would be black otherwise
  const chunks = [];
  const recorder = new MediaRecorder(drawn.captureStream(30), { mimeType: 'video/webm;codecs=vp8' });
  recorder.ondataavailable = ({ data }) => chunks.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  for (const color of ['rgb(220 30 30)', 'rgb(30 30 220)']) {
    for (const start = performance.now(); performance.now() - start < 500;) {
      fill(color);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  recorder.stop();
  await stopped;
  const element = document.createElement('video');
  const early = await readSource(element);
  element.muted = true;
  element.src = URL.createObjectURL(new Blob(chunks, { type: 'video/webm' }));
  await new Promise((resolve, reject) => {
    element.onloadeddata = resolve;
    element.onerror = () => reject(element.error);
  });
  element.currentTime = time;
  await new Promise((resolve) => (element.onseeked = resolve));
  const { width, height, data } = await readSource(element);
  const middle = 4 * (24 * 64 + 32);
  return { early, width, height, color: data?.slice(middle, middle + 3) };
}

/** What has no pixels to give. */
export const pixelless = {
  async 'an <img> of another origin'({ elsewhere }) {
    return Object.assign(new Image(), { src: `${elsewhere}/picture.png` });
  },
  async 'a canvas with a picture of another origin'({ elsewhere }) {
    const element = Object.assign(new Image(), { src: `${elsewhere}/picture.png` });
    await element.decode();
    const drawn = canvas();
    drawn.getContext('2d').drawImage(element, 0, 0);
    return drawn;
  },
  'an <img> that is broken': () => Object.assign(new Image(), { src: '/nowhere.png' }),
  'an <img> without a source': () => new Image(),
  'an <img> of an SVG without size': () =>
    Object.assign(new Image(), {
      src: `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>')}`,
    }),
  'a Blob of an SVG': () =>
    new Blob(['<svg xmlns="http://www.w3.org/2000/svg"/>'], { type: 'image/svg+xml' }),
  'a Blob of text': () => new Blob(['text']),
  'an empty Blob': () => new Blob([]),
  'a VideoFrame that is closed'() {
    const frame = new VideoFrame(painted(), { timestamp: 0 });
    frame.close();
    return frame;
  },
  'an ImageBitmap that is closed': async () => {
    const bitmap = await createImageBitmap(imageData);
    bitmap.close();
    return bitmap;
  },
  'a <video> without a frame': () => document.createElement('video'),
  'an address of nothing': () => '/nowhere.png',
  'an address of a page': () => '/page/',
  'an address of another origin': ({ elsewhere }) => `${elsewhere}/picture.png`,
  'an address that is none': () => 'http://',
  'a number': () => 7,
  'an element of another kind': () => document.createElement('p'),
};

export async function readPixelless(name, context) {
  return await readSource(await pixelless[name](context));
}

/** What the abort of a download does. */
export async function abortDownload() {
  const controller = new AbortController();
  const reason = new Error('The visitor has left.');
  const reading = readPixels('/stalled.png', { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  return await reading.then(
    () => 'read',
    (error) => error === reason,
  );
}
