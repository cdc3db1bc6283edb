// The built package in Chromium and in Node: the same pictures get the same answers.
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { deitTiny, fixtures, sharedIsThere } from '../golden/fixtures.js';
import type { Variant } from '../../web/types.js';
import { entry, inChromium, type Package } from './chromium.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';

interface Subject {
  name: string;
  /** What a page loads: undefined is the built-in model. */
  url?: string;
  /** What Node loads. */
  path?: string;
  dtype?: 'int8';
}

const golden = (folder: string): Subject => ({
  name: `the golden model ${folder}`,
  url: `/${folder}/`,
  path: fileURLToPath(new URL(`${folder}/`, fixtures)),
});

const subjects: Subject[] = [
  { name: 'the built-in model' },
  golden('models/three-blocks'),
  golden('models/odd-sizes'),
  golden('families/dinov2-registers'),
];

const inInt8 = (subject: Subject): Subject => ({
  ...subject,
  name: `${subject.name} in int8`,
  dtype: 'int8',
});

interface Answers {
  variant: string;
  /** In the order of the classes. */
  probabilities: number[];
  logits: number[];
  /** The class token and the patches' mean, of length 1; then all tokens. */
  features: number[];
}

const chromium = inChromium();
const picture = opaquePicture();

/** Loads in a page, and asks about a canvas that shows the picture. */
async function inPage(subject: Subject, variant: Variant | undefined, worker: boolean): Promise<Answers> {
  const page = await chromium.usual();
  const answers = page.evaluate(askInPage, {
    entry,
    url: subject.url,
    variant,
    worker,
    dtype: subject.dtype,
    picture: pack(picture),
  });
  const { workers, ...rest } = await answers;
  expect(workers).toBe(worker ? 1 : 0);
  return rest;
}

interface Question {
  entry: string;
  url: string | undefined;
  variant: Variant | undefined;
  worker: boolean;
  dtype: 'int8' | undefined;
  picture: PackedPicture;
}

/** Runs in the page. Workers are counted by watching the constructor. */
async function askInPage({
  entry,
  url,
  variant,
  worker,
  dtype,
  picture,
}: Question): Promise<Answers & { workers: number }> {
  let workers = 0;
  const Original = Worker;
  self.Worker = class extends Original {
    constructor(address: string | URL, options?: WorkerOptions) {
      super(address, options);
      workers++;
    }
  };
  const { load } = (await import(entry)) as Package;
  const model = await load(url, { variant, worker, dtype });
  const { width, height } = picture;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const bytes = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
  const predictions = await model.classify(canvas, { topK: model.info.classes });
  const logits = await model.logits(canvas);
  const features = [
    ...(await model.embed(canvas)),
    ...(await model.embed(canvas, { pool: 'mean', normalize: true })),
    ...(await model.tokens(canvas)).data,
  ];
  model.dispose();
  self.Worker = Original;
  return {
    variant: model.info.variant,
    probabilities: predictions.sort((a, b) => a.index - b.index).map(({ probability }) => probability),
    logits: Array.from(logits),
    features,
    workers,
  };
}

async function inNode(subject: Subject, variant: Variant): Promise<Answers> {
  const model = await load(subject.path, { variant, dtype: subject.dtype });
  const predictions = await model.classify(picture, { topK: model.info.classes });
  const logits = await model.logits(picture);
  const features = [
    ...(await model.embed(picture)),
    ...(await model.embed(picture, { pool: 'mean', normalize: true })),
    ...(await model.tokens(picture)).data,
  ];
  model.dispose();
  return {
    variant: model.info.variant,
    probabilities: predictions.sort((a, b) => a.index - b.index).map(({ probability }) => probability),
    logits: Array.from(logits),
    features,
  };
}

/** The tests of one model and variant, with a worker and without. */
function testSubject(subject: Subject, variant: Variant): void {
  // Plain SIMD has the same result on every machine, and int8 in every variant.
  const toTheBit = variant === 'simd' || subject.dtype === 'int8';
  describe.each([true, false])('worker: %s', (worker) => {
    it(`gives the answers of Node${toTheBit ? ', its logits to the bit' : ''}`, async () => {
      const node = await inNode(subject, variant);
      const chrome = await inPage(subject, variant, worker);
      expect([node.variant, chrome.variant]).toEqual([variant, variant]);
      expectClose(chrome.probabilities, node.probabilities, 1e-5, 'probabilities');
      expectClose(chrome.features, node.features, 1e-4, 'embeddings and tokens');
      if (toTheBit) expect(bitsOf(chrome.logits)).toEqual(bitsOf(node.logits));
    });
  });
}

for (const subject of [...subjects, ...subjects.map(inInt8)]) {
  describe(subject.name, () => {
    for (const variant of variants) describe(variant, () => testSubject(subject, variant));
  });
}

describe('without a variant forced', () => {
  it('Chromium runs relaxed SIMD', async () => {
    expect((await inPage(subjects[0], undefined, true)).variant).toBe('relaxed');
  });
});

if (sharedIsThere) {
  const subject = { name: 'DeiT-Tiny', url: '/deit-tiny/', path: fileURLToPath(deitTiny) };
  describe.each([subject, inInt8(subject)])('$name', (subject) => {
    for (const variant of variants) describe(variant, () => testSubject(subject, variant));
  });
} else {
  const message = `NOT TESTED: DeiT-Tiny in Chromium, because ${fileURLToPath(deitTiny)} is absent`;
  console.warn(`${message}. Put the folder there, or name its parent's parent in VIT_SHARED.`);
  it(message, () => expect(sharedIsThere).toBe(false));
}
