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
 * Files, addresses, and elements whose file can be fetched again are decoded in the model's worker, if it has one: 12
 * megapixels would take this thread 150 to 600 ms. Everything else is read in the calling thread, and its pixels go to
 * the worker band by band, while the next band is read. Sending a clone of the source instead does not pay. Cloning a
 * bitmap of 3264×2448 pixels takes 20 ms here, where reading it takes 25, and the worker then needs another 45. Cloning
 * a VideoFrame is free and would save this thread 75 ms, but the clone would withhold the frame from its decoder or
 * camera for as long as the call is queued, and these stop when they run out of frames.
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

/** Pixels from which an element's picture is read again from the browser's cache: drawing a smaller one is as fast. */
const largePicture = 1e6;

/**
 * The file that an element shows, if it is certain to be the same one. What a blob: or data: address refers to never
 * changes; a server may send another picture for the same address, so for a large picture the browser's cached copy is
 * used, unless the server forbade caching. Also undefined if the page may not read the address, and for an SVG, which
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
