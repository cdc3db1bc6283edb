import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import decode, { init } from '@jsquash/jpeg/decode.js';

import type { TestImage } from './noise.js';

let ready: Promise<void> | undefined;

/**
 * Decodes a JPEG to RGBA with the same bytes as Pillow (libjpeg's accurate integer transform, smooth chroma), which
 * few decoders give: `sharp` 0.35, for one, differs on a progressive file.
 */
export async function decodeJpeg(path: string): Promise<TestImage> {
  ready ??= start();
  await ready;
  const file = await readFile(path);
  return decode(new Uint8Array(file).buffer);
}

async function start(): Promise<void> {
  // The decoder hands its result over as an ImageData, which Node has not.
  Object.assign(globalThis, { ImageData: globalThis.ImageData ?? PlainImageData });
  const wasm = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
  await init(await WebAssembly.compile(await readFile(wasm)));
}

class PlainImageData {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}
