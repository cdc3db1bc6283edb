// `npm run evaluate -- IMAGES [MODEL]`: the accuracy of a model on labelled pictures, measured through the built package.
//
// IMAGES is a folder with one folder of JPEG or PNG files per class, named as the model labels it (`cat/0001.jpg`).
// MODEL is what `load` takes: a folder or a Hub id; left out, it is the built-in model.
import { Presets, SingleBar } from 'cli-progress';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, extname, join } from 'node:path';
import { build } from './build.mjs';
import { Failure, main } from './shell.mjs';

/** As Pillow decodes: the same bytes, so the same answers as in Python. */
const decoders = {
  '.jpg': () => decoder('jpeg', 'codec/dec/mozjpeg_dec.wasm'),
  '.jpeg': () => decoder('jpeg', 'codec/dec/mozjpeg_dec.wasm'),
  '.png': () => decoder('png', 'codec/pkg/squoosh_png_bg.wasm'),
};
const ready = new Map();

async function decoder(format, wasm) {
  if (!ready.has(format)) {
    // The decoders hand over an ImageData, which Node has not.
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

/** The pictures of every class folder: `{ path, label }`. */
function labelledPictures(folder) {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) throw new Failure(`${folder} is not a folder of labelled pictures.`);
  const pictures = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(folder, name))
        .filter((file) => extname(file).toLowerCase() in decoders)
        .map((file) => ({ path: join(folder, name, file), label: name })),
    );
  if (pictures.length === 0)
    throw new Failure(`${folder} has no class folders with JPEG or PNG files in them.`);
  return pictures;
}

/**
 * Classifies every picture. Gives the number of right first answers, per class, and the expected calibration error:
 * how far confidence is from accuracy, on average over 15 bins of confidence.
 */
async function evaluate(model, pictures, onPicture) {
  const classes = new Map();
  const bins = Array.from({ length: 15 }, () => ({ confidence: 0, right: 0 }));
  for (const { path, label } of pictures) {
    const decode = await decoders[extname(path).toLowerCase()]();
    const file = readFileSync(path);
    const image = await decode(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
    const [best] = await model.classify(image, { topK: 1 });
    const counts = classes.get(label) ?? { right: 0, count: 0 };
    const right = Number(best.label === label);
    classes.set(label, { right: counts.right + right, count: counts.count + 1 });
    const bin = bins[Math.min(14, Math.floor(best.probability * 15))];
    bin.confidence += best.probability;
    bin.right += right;
    onPicture();
  }
  const gap = bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0);
  return { classes, calibrationError: gap / pictures.length };
}

const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)} %`;

await main(import.meta, async () => {
  const [images, place] = process.argv.slice(2);
  if (!images) throw new Failure('Say which pictures: npm run evaluate -- IMAGES [MODEL].');
  const pictures = labelledPictures(images);
  build();
  const { load } = await import('../dist/node.js');
  const model = await load(place);
  const unknown = [...new Set(pictures.map(({ label }) => label))].filter(
    (label) => !model.info.labels.includes(label),
  );
  if (unknown.length > 0) throw new Failure(`The model has no class called ${unknown.join(', ')}.`);

  const bar = new SingleBar(
    { format: '{bar} {value} of {total}, {eta_formatted} left' },
    Presets.shades_classic,
  );
  bar.start(pictures.length, 0);
  const { classes, calibrationError } = await evaluate(model, pictures, () => bar.increment());
  bar.stop();
  let right = 0;
  for (const [label, counts] of classes) {
    right += counts.right;
    console.log(`${label.padEnd(24)} ${percent(counts.right, counts.count)}`);
  }
  console.log(
    `${basename(place ?? 'the built-in model')}, ${model.info.dtype}, ${model.info.variant}: ` +
      `${percent(right, pictures.length)} of ${pictures.length} right, ` +
      `expected calibration error ${percent(calibrationError, 1)}`,
  );
  model.dispose();
});
