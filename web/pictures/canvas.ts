// The only file that touches a canvas. It never scales, because browsers scale unlike Python.
import { isError, messageOf, VitError } from '../errors.js';
import { bandsIn, checkSize, regionIn, type Pixels } from './pixels.js';
import type { Region, Size } from '../types.js';

type Drawable = HTMLCanvasElement | OffscreenCanvas | ImageBitmap | HTMLVideoElement | VideoFrame | ImageData;
type Context2D = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/**
 * The pixels of a region of a source with this `size`, drawn onto a canvas of our own as their bands are asked for:
 * asking the caller's canvas for a context would create one if it has none. `what` is its name in messages. `close` is
 * called after the last band of a source that is owned by us alone, and so cannot change.
 */
export function drawPixels(
  source: Drawable,
  size: Size,
  what: string,
  region: Region | undefined,
  close?: () => void,
): Pixels {
  checkSize(size, what);
  const { x, y, width, height } = regionIn(size, region);
  warnOfNoise();
  const paint = (context: Context2D, first: number) => {
    if (isImageData(source)) context.putImageData(source, -x, -y - first);
    else context.drawImage(source, -x, -y - first, size.width, size.height);
  };
  const explain = (error: unknown) =>
    new VitError('invalid-source', unreadable(error, what, size), { cause: error });
  return {
    width,
    height,
    bands: drawn({ width, height }, paint, what, explain, close),
    owned: true,
    live: !close,
  };
}

/** Milliseconds that a row takes at most where the source is in memory that this thread can read. */
const longestNear = 1;

/** What is drawn in one piece: a video, which keeps playing, and kinds of sources that were found in GPU memory. */
const inOnePiece = new Set(['<video>']);

/**
 * The bands of what `paint` draws, moved up by so many rows. Each is drawn onto a canvas no larger than itself, which
 * stays in the core's cache: half the time of one as large as the picture. But a source in GPU memory is read back as a
 * whole each time it is drawn, so where a single row takes long, all of it is drawn at once.
 */
function* drawn(
  size: Size,
  paint: (context: Context2D, first: number) => void,
  what: string,
  explain: (error: unknown) => unknown,
  close?: () => void,
): Iterable<Uint8Array> {
  const { width, height } = size;
  const canvas = createCanvas(width, 1);
  try {
    const context = canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' });
    if (!context) throw new Error('the browser cannot create a 2D canvas of this size');
    /** The rows that are on the canvas: [begin, end). */
    let begin = 0;
    let end = 0;
    const read = (first: number, rows: number, drawnRows: number) => {
      if (first + rows > end) {
        if (drawnRows > canvas.height) canvas.height = drawnRows; // which resets the context, too
        context.imageSmoothingEnabled = false;
        context.globalCompositeOperation = 'copy';
        paint(context, first);
        begin = first;
        end = first + drawnRows;
      }
      return new Uint8Array(context.getImageData(0, first - begin, width, rows).data.buffer);
    };
    const bands = [...bandsIn(size)];
    // Twice, as the first prepares the source, and other programs interrupt.
    for (let time = 0, isFar = bands.length > 1 && !inOnePiece.has(what); time < 2 && isFar; time++) {
      const start = performance.now();
      read(0, 1, 1);
      end = 0;
      isFar = performance.now() - start > longestNear;
      if (time && isFar) inOnePiece.add(what);
    }
    for (const { first, count } of bands) {
      yield read(first, count, inOnePiece.has(what) ? height - first : count);
    }
  } catch (error) {
    throw explain(error);
  } finally {
    // Safari limits the memory of all canvases, and frees it late: https://bugs.webkit.org/show_bug.cgi?id=195325.
    canvas.width = canvas.height = 0;
    close?.();
  }
}

function createCanvas(width: number, height: number): HTMLCanvasElement | OffscreenCanvas {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement('canvas'), { width, height });
}

function isImageData(source: Drawable): source is ImageData {
  return Object.prototype.toString.call(source) === '[object ImageData]';
}

function unreadable(error: unknown, what: string, { width, height }: Size): string {
  return isError(error) && error.name === 'SecurityError'
    ? `The ${what} shows a picture from another origin, so the browser does not allow its pixels to be read; ` +
        'load that picture with crossOrigin = "anonymous" from a server that allows it (CORS).'
    : `The ${what} of ${width}×${height} pixels could not be read (${messageOf(error)}).`;
}

let noiseWasLookedFor = false;

/**
 * Warns, once, where the browser changes what is read from canvases to prevent fingerprinting: Brave, Firefox with
 * resistFingerprinting, Safari in private windows. https://github.com/brave/brave-browser/issues/17850,
 * https://github.com/whatwg/html/issues/5373
 */
function warnOfNoise(): void {
  if (noiseWasLookedFor) return;
  noiseWasLookedFor = true;
  const edge = 16;
  const square = new ImageData(edge, edge);
  // Many colors, because noise is not added to pictures of a single color.
  square.data.forEach((_, at) => (square.data[at] = at % 4 === 3 ? 255 : (at * 7) % 256));
  const paint = (context: Context2D) => context.putImageData(square, 0, 0);
  const [read] = drawn({ width: edge, height: edge }, paint, 'square', (error) => error);
  if (read.every((value, at) => value === square.data[at])) return;
  console.warn(
    'vit-wasm: this browser changes the pixels that pages read from canvases, to protect against fingerprinting, so ' +
      'results may be wrong; allow this site to read canvases, or give raw pixels { data, width, height }.',
  );
}
