// From a file to a picture that can be shown and classified, or to a sentence that says why it cannot.
import { t } from '../text.js';

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
 * @property {number} decodeTime milliseconds
 */

export const isPicture = (file) =>
  file.type.startsWith('image/') || /\.(heic|heif|avif)$/i.test(file.name ?? '');

/** Reads a picture without blocking the page. Rejects with an error whose message is for the visitor. */
export async function read(blob, name) {
  const start = performance.now();
  if (blob.type === 'image/svg+xml')
    return { ...(await readDrawing(blob, name)), decodeTime: performance.now() - start };
  let whole;
  try {
    whole = await createImageBitmap(blob, {
      imageOrientation: 'from-image',
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    });
  } catch {
    throw new Error(await whyNot(blob, name));
  }
  const decodeTime = performance.now() - start;
  const { width, height } = whole;
  const shown = await small(whole);
  return { source: blob, shown, width, height, name, decodeTime };
}

async function small(bitmap) {
  const scale = shownEdge / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) return bitmap;
  const resizeWidth = Math.max(1, Math.round(scale * bitmap.width));
  const resizeHeight = Math.max(1, Math.round(scale * bitmap.height));
  const shown = await createImageBitmap(bitmap, { resizeWidth, resizeHeight, resizeQuality: 'medium' });
  bitmap.close();
  return shown;
}

/** An SVG has pixels only once it is drawn, and a size only where it says one. */
async function readDrawing(blob, name) {
  const address = URL.createObjectURL(blob);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const root = new DOMParser().parseFromString(await blob.text(), 'image/svg+xml').documentElement;
    const sized = ['width', 'height'].every((side) => parseFloat(root.getAttribute(side)) > 0);
    if (!sized && !root.hasAttribute('viewBox')) throw new RangeError();
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    canvas.getContext('2d').drawImage(image, 0, 0);
    return { source: canvas, shown: canvas, width, height, name };
  } catch (error) {
    throw new Error(
      error instanceof RangeError
        ? t('“{name}” is an SVG that says no size; give it a width and a height, or save it as a PNG.', {
            name,
          })
        : t('“{name}” is not a picture that this browser can read.', { name }),
      { cause: error },
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function whyNot(blob, name) {
  if (blob.size === 0) return t('“{name}” is empty.', { name });
  // ISO base media files name their brand after `ftyp`: https://www.iso.org/standard/83102.html
  const head = new TextDecoder('latin1').decode(await blob.slice(4, 12).arrayBuffer());
  if (/^ftyp(hei|hev|mif1|msf1)/.test(head)) {
    return t(
      '“{name}” is HEIC, which this browser cannot read; save it as a JPEG, or open this page in Safari.',
      {
        name,
      },
    );
  }
  return t('“{name}” is not a picture that this browser can read.', { name });
}

/** Fetches a picture from an address that a visitor pasted or dropped. */
export async function fetchPicture(address) {
  let response;
  try {
    response = await fetch(address);
  } catch (error) {
    const { host } = new URL(address, location.href);
    throw new Error(
      t('{host} does not let other pages read its pictures; save the picture, and drop the file.', { host }),
      { cause: error },
    );
  }
  if (!response.ok) {
    throw new Error(
      t('There is no picture at {address} (status {status}).', { address, status: response.status }),
    );
  }
  const blob = await response.blob();
  // Many hosts send pictures without saying that they are some.
  if (/^text\/|json|xml$/.test(blob.type) && !blob.type.startsWith('image/')) {
    throw new Error(
      t('{address} is not the address of a picture, but of a page or another file.', { address }),
    );
  }
  return blob;
}
