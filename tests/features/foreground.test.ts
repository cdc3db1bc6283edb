// The foreground mask of a photograph, from DeiT-Tiny's tokens, against an outline drawn by hand. The guide has the figure.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load, type Model } from 'vit-wasm';

import { foreground, type PatchClasses } from '../../web/features.js';
import { deitTiny, photographs, shared, sharedIsThere } from '../golden/fixtures.js';
import { decodeJpeg } from '../golden/jpeg.js';

/** The dog of dog.jpg without its leash: corners in percent of the picture's width and height. */
const dog = [
  [41, 24.5], [44, 22], [48, 22.5], [51, 25], [53.5, 27.5], [54.5, 33], [54.3, 40], [52.5, 46], [50.5, 46],
  [51, 50.5], [49, 53], [51, 60], [52, 70], [52.5, 78], [55, 86], [58, 90], [57, 92.5], [52.5, 92.5], [50.5, 88],
  [49.5, 83], [50, 89.5], [46, 89.5], [45, 85], [42, 89], [37.5, 85], [35.5, 90.5], [34, 95.5], [28.5, 96],
  [28, 94], [30, 90.5], [26, 91.5], [25.2, 87], [29.5, 85.5], [31, 79], [33, 72], [35, 66], [33.5, 64], [31.5, 53],
  [28.5, 48], [33.5, 47.5], [36, 46.5], [41, 48], [38, 46], [35, 39], [34.8, 33], [38.5, 26],
] as const; // prettier-ignore

if (sharedIsThere) describe('the foreground of dog.jpg', testForeground);
else
  it(`NOT TESTED: the foreground of dog.jpg, because ${fileURLToPath(shared)} is absent`, () =>
    expect(sharedIsThere).toBe(false));

function testForeground(): void {
  let model: Model;
  beforeAll(async () => {
    model = await load(fileURLToPath(deitTiny));
  });
  afterAll(() => model.dispose());

  it('agrees with the outline of the dog: intersection over union above 0.65', async () => {
    const picture = await decodeJpeg(fileURLToPath(new URL('dog.jpg', photographs)));
    const tokens = await model.tokens(picture);
    const mask = foreground(tokens);
    const agreement = overlap(mask, picture);
    expect(agreement).toBeGreaterThan(0.65);
    // The figure in docs/features.md.
    expect(agreement).toBeCloseTo(0.68, 1);
  });
}

/** Intersection over union with the outline, pixel by pixel of the 224 × 224 that the network sees. */
function overlap(mask: PatchClasses, { width, height }: { width: number; height: number }): number {
  const scale = Math.min(width, height) / 256;
  let [both, either] = [0, 0];
  for (let y = 0; y < 224; y++) {
    for (let x = 0; x < 224; x++) {
      const isInMask = mask.data[Math.floor(y / 16) * mask.columns + Math.floor(x / 16)] === 1;
      const isInOutline = isInside(
        (100 * (width / 2 + (x + 0.5 - 112) * scale)) / width,
        (100 * (height / 2 + (y + 0.5 - 112) * scale)) / height,
      );
      both += Number(isInMask && isInOutline);
      either += Number(isInMask || isInOutline);
    }
  }
  return both / either;
}

/** Whether a line to the left crosses the outline an odd number of times. */
function isInside(x: number, y: number): boolean {
  let inside = false;
  dog.forEach(([x1, y1], i) => {
    const [x2, y2] = dog[(i + 1) % dog.length];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  });
  return inside;
}
