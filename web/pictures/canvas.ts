// The only file that touches a canvas. It never scales, because browsers scale unlike Python.
import { isError, messageOf, VitError } from '../errors.js';
import { bandsIn, checkSize, regionIn, type Pixels } from './pixels.js';
import type { Region, Size } from '../types.js';

type Drawable = HTMLCanvasElement | OffscreenCanvas | ImageBitmap | HTMLVideoElement | VideoFrame | ImageData;
type Context2D = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/**
 * The pixels of a region of a source with this `size`, drawn onto our own canvas: asking the caller's canvas for a
 * context would create one if it has none. `what` is its name in messages.
 */
export function drawPixels(source: Drawable, size: Size, what: string, region: Region | undefined): Pixels {
  checkSize(size, what);
  const { x, y, width, height } = regionIn(size, region);
  warnOfNoise();
  const paint = (context: Context2D) => {
    if (isImageData(source)) context.putImageData(source, -x, -y);
    else context.drawImage(source, -x, -y, size.width, size.height);
  };
  const explain = (error: unknown) =>
    new VitError('invalid-source', unreadable(error, what, size), { cause: error });
  return { width, height, bands: onCanvas({ width, height }, paint, explain), owned: true };
}

/**
 * The pixels of a canvas of this size, which is painted before this returns.
 *
 * It is painted in one piece, although a small canvas for each band would take less memory: a source in GPU memory is
 * read back as a whole each time it is drawn.
 */
function onCanvas(
  size: Size,
  paint: (context: Context2D) => void,
  explain: (error: unknown) => unknown,
): Iterable<Uint8Array> {
  const canvas = createCanvas(size.width, size.height);
  // Safari limits the memory of all canvases, and frees it late: https://bugs.webkit.org/show_bug.cgi?id=195325.
  const free = () => (canvas.width = canvas.height = 0);
  try {
    const context = canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' });
    if (!context) throw new Error('the browser cannot create a 2D canvas of this size');
    context.imageSmoothingEnabled = false;
    paint(context);
    return read(context);
  } catch (error) {
    free();
    throw explain(error);
  }

  function* read(context: Context2D): Iterable<Uint8Array> {
    try {
      for (const { first, count } of bandsIn(size)) {
        yield new Uint8Array(context.getImageData(0, first, size.width, count).data.buffer);
      }
    } catch (error) {
      throw explain(error);
    } finally {
      free();
    }
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
  const drawn = new ImageData(edge, edge);
  // Many colors, because noise is not added to pictures of a single color.
  drawn.data.forEach((_, at) => (drawn.data[at] = at % 4 === 3 ? 255 : (at * 7) % 256));
  const paint = (context: Context2D) => context.putImageData(drawn, 0, 0);
  const [read] = onCanvas({ width: edge, height: edge }, paint, (error) => error);
  if (read.every((value, at) => value === drawn.data[at])) return;
  console.warn(
    'vit-wasm: this browser changes the pixels that pages read from canvases, to protect against fingerprinting, so ' +
      'results may be wrong; allow this site to read canvases, or give raw pixels { data, width, height }.',
  );
}
