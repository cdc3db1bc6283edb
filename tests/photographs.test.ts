// Real weights on real photographs: DeiT-Tiny, from a folder beside the repository (or $VIT_SHARED).
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load, type Model } from 'vit-wasm';

import type { Engine } from '../web/engine/engine.js';
import type { NativePreprocess } from '../web/engine/bindings.js';
import { rawPixels } from '../web/pictures/pixels.js';
import { createEngine, hashOf, variants } from './engine.js';
import { expectClose } from './expect-close.js';
import {
  deitTiny,
  photographs,
  readJson,
  readTensors,
  shared,
  sharedIsThere,
  tensorOf,
} from './golden/fixtures.js';
import { decodeJpeg } from './golden/jpeg.js';
import { fillEngine } from './golden/models.js';
import { noiseTensor, type TestImage } from './golden/noise.js';
import { networkFor } from './preprocess/sizes.js';

interface Photograph {
  name: string;
  width: number;
  height: number;
  /** Of the RGBA that Pillow decodes. */
  sha256: string;
  /** Of the bytes [3, 224, 224] after Pillow's resize and crop. */
  resizedSha256: string;
  label: string;
  index: number;
}

interface Expected {
  fixedSeed: number;
  photographs: Photograph[];
}

const imageSize = 224;
const expected = await readJson<Expected>('deit-tiny.json');
const logits = await readTensors('deit-tiny.safetensors');

if (sharedIsThere) describe('DeiT-Tiny', testPhotographs);
else reportAbsence();

function reportAbsence(): void {
  const message = `NOT TESTED: DeiT-Tiny and the photographs, because ${fileURLToPath(shared)} is absent`;
  console.warn(`${message}. Put the folder there or name it in VIT_SHARED.`);
  it(message, () => expect(sharedIsThere).toBe(false));
}

function testPhotographs(): void {
  it.each(expected.photographs)('$name.jpg is decoded to the bytes of Pillow', async (photograph) => {
    const picture = await pictureOf(photograph);
    expect([picture.width, picture.height]).toEqual([photograph.width, photograph.height]);
  });

  describe.each(variants)('%s', (variant) => {
    describe('the network', () => {
      let engine: Engine;
      beforeAll(async () => {
        engine = await createEngine(variant);
        await fillEngine(engine, deitTiny);
      });
      afterAll(() => engine.dispose());

      it('gives the logits of transformers for fixed pixel values', () => {
        engine.setPixelValues(noiseTensor(expected.fixedSeed, 3 * imageSize * imageSize));
        engine.forward();
        expectClose(engine.logits(), tensorOf(logits, 'fixed'), 1e-4, `fixed pixel values (${variant})`);
      });
    });

    describe('the photographs', () => {
      let model: Model;
      beforeAll(async () => {
        model = await load(fileURLToPath(deitTiny), { variant });
      });
      afterAll(() => model.dispose());

      it.each(expected.photographs)('$name.jpg is $label', async (photograph) => {
        const { name, index, label } = photograph;
        const picture = await pictureOf(photograph);
        expectClose(await model.logits(picture), tensorOf(logits, name), 1e-3, `${name} (${variant})`);
        const [first] = await model.classify(picture, { topK: 1 });
        expect(first).toMatchObject({ index, label });
      });
    });

    it.each(expected.photographs)('$name.jpg is resized to the bytes of Pillow', async (photograph) => {
      const engine = await createEngine(variant);
      engine.begin(networkFor(imageSize, imageSize), resizedBytes);
      engine.allocate();
      engine.preprocess(rawPixels(await pictureOf(photograph)));
      expect(hashOf(Uint8Array.from(engine.pixelValues()))).toBe(photograph.resizedSha256);
      engine.dispose();
    });
  });
}

const pictures = new Map<string, TestImage>();

/** A photograph decoded, once. Throws when the decoder does not do as Pillow does: nothing after it could agree. */
async function pictureOf({ name, sha256 }: Photograph): Promise<TestImage> {
  let picture = pictures.get(name);
  if (!picture) {
    picture = await decodeJpeg(fileURLToPath(new URL(`${name}.jpg`, photographs)));
    if (hashOf(picture.data) !== sha256)
      throw new Error(`The JPEG decoder's bytes of ${name}.jpg are not Pillow's.`);
    pictures.set(name, picture);
  }
  return picture;
}

/** DeiT's preprocessing, neither rescaled nor normalized. */
const resizedBytes: NativePreprocess = {
  resize: 1,
  resizeHeight: 256,
  resizeWidth: 256,
  filter: 3,
  cropHeight: imageSize,
  cropWidth: imageSize,
  cropRounding: 0,
  resizeRounding: 0,
  padding: [0, 0, 0],
  rescaleFactor: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
