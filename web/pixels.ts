// Sources → RGBA at their full size. The only file that touches a canvas; it never scales, because browsers scale
// unlike Python.
import { isError, messageOf, VitError } from './errors.js';
import type { RawImage, Size, Source } from './types.js';

/** Pixels on their way to the engine. */
export interface Pixels extends RawImage {
  /** Whether the buffer was made here and may be moved to a worker; else it is the caller's. */
  readonly owned: boolean;
}

type Drawable = HTMLCanvasElement | OffscreenCanvas | ImageBitmap;
type Context2D = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** How each kind of source is read, by the name its class has in every window. */
const readers: Readonly<Record<string, (source: never) => Pixels | Promise<Pixels>>> = {
  HTMLCanvasElement: (canvas: HTMLCanvasElement) => draw(canvas, 'canvas'),
  OffscreenCanvas: (canvas: OffscreenCanvas) => draw(canvas, 'OffscreenCanvas'),
  ImageBitmap: (bitmap: ImageBitmap) => draw(bitmap, 'ImageBitmap'),
  ImageData: readImageData,
  HTMLImageElement: decodeElement,
  Blob: decode,
  File: decode,
};

/**
 * The pixels of a source. A canvas, a bitmap or raw pixels are read before this returns its promise, so that it is
 * what they show at the time of the call that counts.
 */
export async function readPixels(source: Source): Promise<Pixels> {
  const kind = Object.prototype.toString.call(source).slice('[object '.length, -1);
  if (Object.hasOwn(readers, kind)) return await readers[kind](source as never);
  if (typeof source === 'object' && source !== null && 'data' in source) return readRaw(source);
  throw new VitError(
    'invalid-source',
    `A picture cannot be read from ${describe(source, kind)}; give a canvas, an OffscreenCanvas, an ImageBitmap, ` +
      'an ImageData, an <img>, a Blob or File, or { data, width, height } with RGBA bytes.',
  );
}

/** The same pixels in a buffer of exactly their size that may be moved: a copy if the buffer is the caller's. */
export function ownPixels(pixels: Pixels): Pixels {
  return pixels.owned ? pixels : { ...pixels, data: new Uint8Array(pixels.data), owned: true };
}

function describe(source: unknown, kind: string): string {
  if (typeof source === 'string') return 'a string (fetch it and give the Blob)';
  return source === null || source === undefined ? String(source) : `this ${kind}`;
}

function readRaw({ data, width, height }: RawImage): Pixels {
  if (!(data instanceof Uint8ClampedArray) && !(data instanceof Uint8Array) && !isBytes(data)) {
    throw new VitError(
      'invalid-source',
      'The picture has no `data` of RGBA bytes; give a Uint8ClampedArray or Uint8Array.',
    );
  }
  checkSize({ width, height }, 'picture');
  if (data.length !== width * height * 4) {
    throw new VitError(
      'invalid-source',
      `The picture has ${data.length} bytes, but ${width}×${height} pixels of RGBA take ${width * height * 4}.`,
    );
  }
  return { data, width, height, owned: false };
}

/** Bytes from another window or realm. */
function isBytes(data: unknown): boolean {
  return ArrayBuffer.isView(data) && /Uint8(Clamped)?Array/.test(Object.prototype.toString.call(data));
}

function readImageData(image: ImageData): Pixels {
  // Browsers that know one colour space only do not name it.
  const { colorSpace = 'srgb' } = image as Partial<ImageData>;
  if (colorSpace !== 'srgb') {
    throw new VitError(
      'invalid-source',
      `The ImageData is in the colour space ${colorSpace}; get it with { colorSpace: "srgb" }.`,
    );
  }
  return readRaw(image);
}

function checkSize({ width, height }: Size, what: string): void {
  if (Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0) return;
  throw new VitError(
    'invalid-source',
    `The ${what} is ${width}×${height}; it needs at least one pixel (a closed ImageBitmap has none).`,
  );
}

async function decodeElement(image: HTMLImageElement): Promise<Pixels> {
  await image.decode().catch((error: unknown) => {
    throw new VitError('invalid-source', `The <img> shows no picture (${messageOf(error)}); check its src.`, {
      cause: error,
    });
  });
  // Drawn itself, the element would go through colour management, which Pillow does not do.
  return await decode(image);
}

async function decode(picture: Blob | HTMLImageElement): Promise<Pixels> {
  if (typeof createImageBitmap !== 'function') {
    throw new VitError(
      'invalid-source',
      'Only browsers decode pictures; decode the file yourself and give { data, width, height } with RGBA bytes.',
    );
  }
  const bitmap = await createImageBitmap(picture, {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch((error: unknown) => {
    throw new VitError(
      'invalid-source',
      `The browser could not decode the picture (${messageOf(error)}); ` +
        'check that it is a PNG, JPEG, WebP or another format it knows.',
      { cause: error },
    );
  });
  try {
    return draw(bitmap, 'picture');
  } finally {
    bitmap.close();
  }
}

/** Draws onto a canvas of our own: asking the caller's for its context would create one where there is none. */
function draw(source: Drawable, what: string): Pixels {
  const { width, height } = source;
  checkSize({ width, height }, what);
  const canvas = createCanvas(width, height);
  try {
    const context: Context2D | null = canvas.getContext('2d', {
      willReadFrequently: true,
      colorSpace: 'srgb',
    });
    if (!context) throw new Error('the browser gives no 2D canvas of this size');
    context.imageSmoothingEnabled = false;
    context.drawImage(source, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { data, width, height, owned: true };
  } catch (error) {
    throw new VitError('invalid-source', unreadable(error, what, source), { cause: error });
  } finally {
    // Some browsers count the memory of canvases and give it back late.
    canvas.width = canvas.height = 0;
  }
}

function createCanvas(width: number, height: number): HTMLCanvasElement | OffscreenCanvas {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement('canvas'), { width, height });
}

function unreadable(error: unknown, what: string, { width, height }: Size): string {
  return isError(error) && error.name === 'SecurityError'
    ? `The ${what} shows a picture from another origin, so the browser keeps its pixels back; load that picture with ` +
        'crossOrigin = "anonymous" from a server that allows it (CORS).'
    : `The ${what} of ${width}×${height} pixels could not be read (${messageOf(error)}).`;
}
