// Pictures on disk → RGBA, for scripts that measure accuracy.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';

/** As Pillow decodes: the same bytes, so the same answers as in Python. */
const decoders = {
  '.jpg': () => decoder('jpeg', 'codec/dec/mozjpeg_dec.wasm'),
  '.jpeg': () => decoder('jpeg', 'codec/dec/mozjpeg_dec.wasm'),
  '.png': () => decoder('png', 'codec/pkg/squoosh_png_bg.wasm'),
  '.webp': () => decoder('webp', 'codec/dec/webp_dec.wasm'),
};
const ready = new Map();

async function decoder(format, wasm) {
  if (!ready.has(format)) {
    // The decoders return an ImageData, which Node does not have.
    globalThis.ImageData ??= class {
      constructor(data, width, height) {
        Object.assign(this, { data, width, height });
      }
    };
    const { default: decode, init } = await import(`@jsquash/${format}/decode.js`);
    const file = createRequire(import.meta.url).resolve(`@jsquash/${format}/${wasm}`);
    await init(await WebAssembly.compile(readFileSync(file)));
    ready.set(format, decode);
  }
  return ready.get(format);
}

/** Whether a file's name has the extension of a picture that can be read. */
export function canRead(file) {
  return extname(file).toLowerCase() in decoders;
}

/** `{ data, width, height }` of a JPEG, PNG or WebP file. */
export async function readPicture(path) {
  const decode = await decoders[extname(path).toLowerCase()]();
  const file = readFileSync(path);
  return await decode(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
}
