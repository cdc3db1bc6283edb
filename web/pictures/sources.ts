// Sources → RGBA at their full size: what each kind of source is, and how it is waited for.
import { drawPixels } from './canvas.js';
import { decode, type Picture } from './decode.js';
import { messageOf, VitError } from '../errors.js';
import { fetchPicture } from './fetch-picture.js';
import { compositeOn, rawPixels, type Pixels, type Rgb } from './pixels.js';
import type { RawImage, Region, Source } from '../types.js';

/** How a source is to be read. */
export interface Reading {
  /** The part of the picture that counts; all of it by default. */
  readonly region?: Region | undefined;
  /** What shows through where the picture is transparent; by default alpha is ignored. */
  readonly background?: Rgb | undefined;
  /** Ends a download. */
  readonly signal?: AbortSignal | undefined;
  /** Whether what receives the picture decodes files itself. */
  readonly decodesElsewhere?: boolean | undefined;
}

type Reader<S> = (source: S, reading: Reading) => Picture | Promise<Picture>;

/** How each kind of source is read, by the name of its class, which is the same in every window. */
const readers: Readonly<Record<string, Reader<never>>> = {
  HTMLCanvasElement: (canvas: HTMLCanvasElement, { region }) => drawPixels(canvas, canvas, 'canvas', region),
  OffscreenCanvas: (canvas: OffscreenCanvas, { region }) =>
    drawPixels(canvas, canvas, 'OffscreenCanvas', region),
  ImageBitmap: (bitmap: ImageBitmap, { region }) => drawPixels(bitmap, bitmap, 'ImageBitmap', region),
  ImageData: readImageData,
  HTMLImageElement: readImage,
  HTMLVideoElement: readVideo,
  VideoFrame: readFrame,
  Blob: readFile,
  File: readFile,
  String: readAddress,
  URL: readAddress,
};

/**
 * The pixels of a source; throws or rejects when there are none. Those of a canvas, a bitmap or a video's frame are
 * `live`: whoever calls this iterates them before returning to the page, so that they are what the source shows at the
 * time of the call that counts. Raw pixels are the caller's own.
 *
 * Files, addresses, and elements whose file can be had once more are decoded in the worker of a model that has one: 12
 * megapixels take this thread 150 to 600 ms. All else is read in the calling thread, and what is moved to a worker are
 * the pixels, band by band while others are read. Moving the source instead needs a clone of it. That of a bitmap of
 * 3264×2448 pixels takes 20 ms here, where reading takes 25, and the worker then another 45. That of a VideoFrame is
 * free, and spares this thread 75 ms, but would keep the frame from its decoder or camera, which stop when they have too
 * few, for as long as the call waits for its turn.
 */
export function readPixels(source: Source, reading: Reading = {}): Picture | Promise<Picture> {
  const { background } = reading;
  const finished = (picture: Picture) =>
    background && 'bands' in picture ? compositeOn(picture, background) : picture;
  const picture = readerOf(source)(source as never, reading);
  return picture instanceof Promise ? picture.then(finished) : finished(picture);
}

function readerOf(source: unknown): Reader<never> {
  const kind = Object.prototype.toString.call(source).slice('[object '.length, -1);
  if (Object.hasOwn(readers, kind)) return readers[kind];
  if (typeof source === 'object' && source !== null && 'data' in source) return readRaw;
  throw new VitError(
    'invalid-source',
    `A picture cannot be read from ${source === null || source === undefined ? String(source) : `this ${kind}`}; ` +
      'give a canvas, an OffscreenCanvas, an ImageBitmap, an ImageData, an <img>, a <video>, a VideoFrame, ' +
      'a Blob or File, an address, or { data, width, height } with RGBA bytes.',
  );
}

function readRaw({ data, width, height }: RawImage, { region }: Reading): Pixels {
  return rawPixels({ data, width, height }, region);
}

function readImageData(image: ImageData, reading: Reading): Pixels {
  // Browsers that support only one color space, or one kind of number, have no such property.
  const { colorSpace = 'srgb', data } = image as Partial<ImageData>;
  if (colorSpace === 'srgb' && data instanceof Uint8ClampedArray) return readRaw(image, reading);
  // A canvas converts what is put onto it to its own colors, 8 bits of sRGB.
  return drawPixels(image, image, 'ImageData', reading.region);
}

async function readImage(image: HTMLImageElement, reading: Reading): Promise<Picture> {
  await image.decode().catch((error: unknown) => {
    throw new VitError('invalid-source', `The <img> shows no picture (${messageOf(error)}); check its src.`, {
      cause: error,
    });
  });
  const file = reading.decodesElsewhere && (await fileOf(image));
  if (file) return readFile(file, reading);
  // Drawing the element itself would apply color management, which Pillow does not.
  return await decode(image, reading.region);
}

/** Pixels of a picture that is read from the browser's cache once more rather than drawn: below, that takes no longer. */
const largePicture = 1e6;

/**
 * The file that an element shows, where it cannot be another by now. What a blob: or data: address holds never changes.
 * A server may answer the same address with another picture the next time, so of a large one the browser's copy is
 * taken, unless it was told to keep none. Undefined, too, where the page may not read the address, and for an SVG, which
 * has pixels only as an element.
 */
async function fileOf(image: HTMLImageElement): Promise<Blob | undefined> {
  const { currentSrc, src, crossOrigin, naturalWidth, naturalHeight } = image;
  // Where `srcset` chose the picture, the element counts its pixels by the screen's.
  if (currentSrc !== src) return undefined;
  const isOwn = /^(blob|data):/.test(src);
  if (!isOwn && naturalWidth * naturalHeight < largePicture) return undefined;
  // Without `crossOrigin`, a picture of another origin was asked for with cookies, which fetch would leave out.
  if (!isOwn && crossOrigin === null && new URL(src).origin !== self.origin) return undefined;
  try {
    const credentials = crossOrigin === 'use-credentials' ? 'include' : 'same-origin';
    const response = await fetch(src, isOwn ? {} : { cache: 'force-cache', credentials });
    if (!response.ok || /no-store/i.test(response.headers.get('cache-control') ?? '')) {
      await response.body?.cancel();
      return undefined;
    }
    const file = await response.blob();
    return /^image\/(?!svg)/.test(file.type) ? file : undefined;
  } catch {
    return undefined;
  }
}

function readVideo(video: HTMLVideoElement, { region }: Reading): Pixels {
  if (video.readyState < video.HAVE_CURRENT_DATA) {
    throw new VitError(
      'invalid-source',
      'The <video> has no frame to show yet; wait for its "loadeddata" event, or for play() to settle.',
    );
  }
  return drawPixels(video, { width: video.videoWidth, height: video.videoHeight }, '<video>', region);
}

function readFrame(frame: VideoFrame, { region }: Reading): Pixels {
  if (frame.format === null && frame.displayWidth === 0) {
    throw new VitError('invalid-source', 'The VideoFrame is closed; close it after the call has settled.');
  }
  return drawPixels(frame, { width: frame.displayWidth, height: frame.displayHeight }, 'VideoFrame', region);
}

async function readAddress(address: string | URL, reading: Reading): Promise<Picture> {
  if (String(address).startsWith('#')) {
    const selector = JSON.stringify(String(address));
    throw new VitError(
      'invalid-source',
      `${selector} is not the address of a picture; to use an element, pass the element itself, document.querySelector(${selector}).`,
    );
  }
  needsBrowser(String(address));
  return await readFile(await fetchPicture(address, reading.signal), reading);
}

function readFile(file: Blob, { region, background, decodesElsewhere }: Reading): Picture | Promise<Pixels> {
  needsBrowser('name' in file ? String(file.name) : '');
  return decodesElsewhere ? { file, region, background } : decode(file, region);
}

/** `name` is the picture's, as far as it has one. */
function needsBrowser(name = ''): void {
  if (typeof createImageBitmap === 'function') return;
  const decoder = decoders.find(({ ending }) => ending.test(name))?.decoder ?? '@jsquash/jpeg, png or webp';
  throw new VitError(
    'invalid-source',
    `Only browsers decode pictures; in Node decode the file yourself, with ${decoder} or sharp, and give ` +
      '{ data, width, height } with RGBA bytes.',
  );
}

/** What decodes pictures in Node as the command line does. */
const decoders: readonly { readonly ending: RegExp; readonly decoder: string }[] = [
  { ending: /\.jpe?g$/i, decoder: '@jsquash/jpeg' },
  { ending: /\.png$/i, decoder: '@jsquash/png' },
  { ending: /\.webp$/i, decoder: '@jsquash/webp' },
];
