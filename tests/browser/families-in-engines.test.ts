// Families with code of their own in the three engines that browsers are made of: the plain build gives Node's answers to
// the bit, and so does every build in int8; the relaxed one is close to it. Swin Transformers with threads, too.
import { describe, expect, it } from '@jest/globals';
import { load, type LoadOptions } from 'vit-wasm';

import { expectClose } from '../expect-close.js';
import { fixtures } from '../golden/fixtures.js';
import { entry, usualRoutes, type Package } from './chromium.js';
import { engines, inEngine } from './engines.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';
import { isolation } from './server.js';

const picture = opaquePicture();
const dtypes = ['fp32', 'int8'] as const;

const swins = ['families/swin', 'families/swinv2', 'timm/swin', 'timm/swinv2'];
const folders = [
  ...swins,
  'families/dinov3-head',
  'families/beit',
  'timm/eva02-base',
  'timm/relpos',
  'timm/parallel',
  'timm/rope-mixed',
  'timm/aimv2',
  'timm/perception-encoder-core',
];

/** Of the relaxed build from the plain one: each is within 2e-5 of float64 (tests/families). */
const tolerance = 4e-5;

interface Question {
  readonly entry: string;
  readonly url: string;
  readonly options: Pick<LoadOptions, 'variant' | 'dtype' | 'threads'>;
  readonly picture: PackedPicture;
}

/** Runs in the page; null where the engine does not have the build. */
async function askInPage({ entry, url, options, picture }: Question) {
  const { load } = (await import(entry)) as Package;
  let model;
  try {
    model = await load(url, { ...options, cache: false });
  } catch (error) {
    if (options.variant === 'relaxed' && ['wasm', 'no-simd'].includes((error as { code: string }).code)) {
      return null;
    }
    throw error;
  }
  const { width, height } = picture;
  const data = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const answers = {
    variant: model.info.variant,
    threads: model.info.threads,
    // A Perception Encoder has none.
    ...(model.info.classes > 0 && { logits: Array.from(await model.logits({ data, width, height })) }),
    embedding: Array.from(await model.embed({ data, width, height })),
    tokens: Array.from((await model.tokens({ data, width, height })).data),
  };
  model.dispose();
  return answers;
}

async function askNode(folder: string, dtype: 'fp32' | 'int8') {
  const model = await load(new URL(`${folder}/`, fixtures), { variant: 'simd', dtype });
  const answers = {
    ...(model.info.classes > 0 && { logits: [...(await model.logits(picture))] }),
    embedding: [...(await model.embed(picture))],
    tokens: [...(await model.tokens(picture)).data],
  };
  model.dispose();
  return answers;
}

const routes = { ...usualRoutes, '/timm/': new URL('timm/', fixtures) };
const casesOf = (some: readonly string[]) =>
  some.flatMap((folder) => dtypes.map((dtype) => ({ folder, dtype })));
const cases = casesOf(folders);

describe.each(engines)('%s', (name) => {
  const inPage = inEngine(name, routes);
  const ask = (folder: string, options: Question['options']) =>
    inPage(askInPage, { entry, url: `/${folder}/`, options, picture: pack(picture) });

  it.each(cases)('$folder in $dtype: the answers of Node to the bit', async ({ folder, dtype }) => {
    const answers = await ask(folder, { variant: 'simd', dtype });
    for (const [verb, values] of Object.entries(await askNode(folder, dtype))) {
      const given = answers?.[verb as 'logits'] ?? [];
      expect({ verb, bits: bitsOf(given) }).toEqual({ verb, bits: bitsOf(values) });
    }
  });

  it.each(cases)('$folder in $dtype, relaxed: near, and in int8 the same', async ({ folder, dtype }) => {
    const answers = await ask(folder, { variant: 'relaxed', dtype });
    // Safari's engine does not have the instructions.
    expect(answers === null).toBe(name === 'WebKit');
    if (answers === null) return;
    const node = await askNode(folder, dtype);
    const answer = node.logits ? 'logits' : 'embedding';
    if (dtype === 'int8') return expect(bitsOf(answers[answer] ?? [])).toEqual(bitsOf(node[answer] ?? []));
    for (const [verb, values] of Object.entries(node)) {
      expectClose(answers[verb as 'logits'] ?? [], values, tolerance, `${verb} of ${folder}`);
    }
  });
});

describe.each(engines)('%s with threads', (name) => {
  const inPage = inEngine(name, routes, isolation, { JSC_useSharedArrayBuffer: '1' });

  it.each(casesOf(swins))('$folder in $dtype: the answers of Node to the bit', async ({ folder, dtype }) => {
    const options = { variant: 'simd-threads', threads: 2, dtype } as const;
    const answers = await inPage(askInPage, { entry, url: `/${folder}/`, options, picture: pack(picture) });
    expect([answers?.variant, answers?.threads]).toEqual(['simd-threads', 2]);
    for (const [verb, values] of Object.entries(await askNode(folder, dtype))) {
      const given = answers?.[verb as 'logits'] ?? [];
      expect({ verb, bits: bitsOf(given) }).toEqual({ verb, bits: bitsOf(values) });
    }
  });
});
