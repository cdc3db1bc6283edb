// Pictures in the formats that the command line reads.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const encoders = {
  jpeg: 'codec/enc/mozjpeg_enc.wasm',
  png: 'codec/pkg/squoosh_png_bg.wasm',
  webp: 'codec/enc/webp_enc_simd.wasm',
} as const;

interface Encoder {
  readonly default: (picture: object, options?: object) => Promise<ArrayBuffer>;
  init(module: WebAssembly.Module): Promise<void>;
}

/** RGBA pixels as a file. */
export async function encode(
  format: keyof typeof encoders,
  picture: object,
  options?: object,
): Promise<Uint8Array> {
  const encoder = (await import(`@jsquash/${format}/encode.js`)) as Encoder;
  const path = createRequire(import.meta.url).resolve(`@jsquash/${format}/${encoders[format]}`);
  await encoder.init(await WebAssembly.compile(await readFile(path)));
  return new Uint8Array(await encoder.default(picture, options));
}
