import type { Page } from 'playwright-core';

import { opaquePicture, pack, type PackedPicture } from '../browser/picture.js';

/** Chooses a picture in the page's file input, once that is there. */
export async function choosePicture(page: Page): Promise<void> {
  const input = page.locator('input[type=file]');
  await input.waitFor();
  const buffer = await pictureFile(page);
  await input.setInputFiles({ name: 'picture.png', mimeType: 'image/png', buffer });
}

/** Chooses a file that is called a picture and is none. */
export async function chooseNoPicture(page: Page): Promise<void> {
  const input = page.locator('input[type=file]');
  await input.waitFor();
  await input.setInputFiles({ name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
}

/** The picture of the other browser tests as a PNG, which the page's browser makes. */
export async function pictureFile(page: Page): Promise<Buffer> {
  return Buffer.from(await page.evaluate(asPng, pack(opaquePicture())), 'base64');
}

function asPng({ data, width, height }: PackedPicture): string {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const bytes = Uint8ClampedArray.from(atob(data), (byte) => byte.charCodeAt(0));
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
  return canvas.toDataURL('image/png').split(',')[1];
}
