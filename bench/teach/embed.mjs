// `node bench/teach/embed.mjs CIFAR MODEL OUT`: embeds pictures for compare.py, with the built package.
//
// CIFAR holds train/ and test/ with a folder of JPEGs per class; of each class the first 500 and the first 200 are taken.
// Writes OUT/train.f32 and OUT/test.f32: [pictures × hidden], class after class in alphabetical order.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import decode, { init } from '@jsquash/jpeg/decode.js';
import { load } from 'vit-wasm';

const [cifar, location, out] = process.argv.slice(2);
const perClass = { train: 500, test: 200 };

// The decoder hands over an ImageData, which Node does not have.
globalThis.ImageData ??= class {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height });
  }
};
const wasm = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
await init(await WebAssembly.compile(readFileSync(wasm)));

const model = await load(location);
for (const [part, count] of Object.entries(perClass)) {
  const paths = readdirSync(join(cifar, part))
    .sort()
    .flatMap((name) => {
      const files = readdirSync(join(cifar, part, name)).sort();
      return files.slice(0, count).map((file) => join(cifar, part, name, file));
    });
  const embeddings = new Float32Array(paths.length * model.info.hidden);
  for (const [at, path] of paths.entries()) {
    const picture = await decode(new Uint8Array(readFileSync(path)).buffer);
    embeddings.set(await model.embed(picture), at * model.info.hidden);
  }
  writeFileSync(join(out, `${part}.f32`), embeddings);
  console.log(`${part}: ${paths.length} pictures`);
}
model.dispose();
