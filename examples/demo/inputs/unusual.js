// Pictures that are not plain files: drawings, addresses, and those that cannot be read, with the reason. Fetched with
// the first of them.
import { t } from '../text.js';

/** An SVG has pixels only once it is drawn, and a size only where it says one. */
export async function readDrawing(blob, name) {
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

/** The sentence that says why a browser does not read a file as a picture. */
export async function whyNot(blob, name) {
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
