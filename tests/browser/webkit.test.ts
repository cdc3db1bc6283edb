// Safari's engine: it has no relaxed SIMD, so this is where the plain build is at home; and it says that a page is
// isolated when there is no shared memory.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { entry, usualRoutes, type Package } from './chromium.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';
import { isolation, startServer, type Server } from './server.js';
import { startWebKit, type WebKit } from './webkit.js';

const picture = opaquePicture();
let server: Server;

beforeAll(async () => {
  server = await startServer(usualRoutes, isolation);
});
afterAll(async () => {
  await server?.close();
});

interface Question {
  entry: string;
  url: string | undefined;
  worker: boolean;
  picture: PackedPicture;
}

/** Runs in the page. */
async function askInPage({ entry, url, worker, picture }: Question) {
  const { load } = (await import(entry)) as Package;
  const model = await load(url, { worker });
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height);
  const bytes = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, width), 0, 0);
  const logits = Array.from(await model.logits(canvas));
  const { variant, threads, threadsReason } = model.info;
  model.dispose();
  return { isolated: crossOriginIsolated, variant, threads, threadsReason, logits };
}

const subjects = [
  { name: 'the built-in model', url: undefined, path: undefined },
  {
    name: 'a golden model',
    url: '/models/three-blocks/',
    path: fileURLToPath(new URL('models/three-blocks/', fixtures)),
  },
];

async function logitsOfNode(path: string | undefined): Promise<Float32Array> {
  const model = await load(path, { variant: 'simd' });
  const logits = await model.logits(picture);
  model.dispose();
  return logits;
}

/** WebKit for the tests of one description. */
function inWebKit(environment: Record<string, string> = {}) {
  let webkit: WebKit;
  beforeAll(async () => {
    webkit = await startWebKit(environment);
  });
  afterAll(async () => {
    await webkit?.close();
  });
  return (url: string | undefined, worker: boolean) =>
    webkit.evaluate(`${server.origin}/page/`, askInPage, { entry, url, worker, picture: pack(picture) });
}

describe('without shared memory, which is how it comes', () => {
  const ask = inWebKit();

  it.each(subjects)('$name gives the logits of Node to the bit', async ({ url, path }) => {
    const expected = bitsOf(await logitsOfNode(path));
    for (const worker of [true, false]) {
      const { variant, logits } = await ask(url, worker);
      expect(variant).toBe('simd');
      expect(bitsOf(logits)).toEqual(expected);
    }
  });

  it('an isolated page has one thread and says why', async () => {
    const { isolated, threads, threadsReason } = await ask(undefined, true);
    expect(isolated).toBe(true);
    expect(threads).toBe(1);
    expect(threadsReason).toMatch(
      /^this browser isolates the page, but shares no memory .*SharedArrayBuffer/,
    );
  });
});

describe('with shared memory switched on', () => {
  const ask = inWebKit({ JSC_useSharedArrayBuffer: '1' });

  it('the built-in model has threads and gives the logits of Node to the bit', async () => {
    const { variant, threads, logits } = await ask(undefined, true);
    expect(variant).toBe('simd-threads');
    // As many as WebKit says there are cores, but no more than eight.
    expect(threads).toBeGreaterThanOrEqual(2);
    expect(threads).toBeLessThanOrEqual(8);
    expect(bitsOf(logits)).toEqual(bitsOf(await logitsOfNode(undefined)));
  });
});
