// Files → pixels, in a page or in a model's worker.
import { drawPixels } from './canvas.js';
import { messageOf, VitError } from '../errors.js';
import { compositeOn, type Pixels, type Rgb } from './pixels.js';
import type { Region } from '../types.js';

/** A picture to be decoded where the model runs. Plain data, so that it can be posted to a worker. */
export interface Encoded {
  readonly file: Blob;
  readonly region: Region | undefined;
  readonly background: Rgb | undefined;
}

/** A picture on its way to a model. */
export type Picture = Pixels | Encoded;

export async function decodeFile({ file, region, background }: Encoded): Promise<Pixels> {
  const pixels = await decode(file, region);
  return background ? compositeOn(pixels, background) : pixels;
}

/** The pixels of a picture in a file, or of an element that has loaded one. */
export async function decode(picture: Blob | HTMLImageElement, region: Region | undefined): Promise<Pixels> {
  const bitmap = await createImageBitmap(picture, {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch((error: unknown) => {
    throw new VitError('invalid-source', undecodable(picture, error), { cause: error });
  });
  const close = () => bitmap.close();
  try {
    return drawPixels(bitmap, bitmap, picture instanceof Blob ? 'picture' : '<img>', region, close);
  } catch (error) {
    close();
    throw error;
  }
}

function undecodable(picture: Blob | HTMLImageElement, error: unknown): string {
  if (picture instanceof Blob && !/^image\/svg/.test(picture.type)) {
    return (
      `The browser could not decode the picture (${messageOf(error)}); ` +
      'check that it is a PNG, JPEG, WebP or another format it supports.'
    );
  }
  return (
    `The browser gives no pixels for the picture (${messageOf(error)}); an SVG may have no size in pixels: ` +
    'draw it onto a canvas of the size you want.'
  );
}
