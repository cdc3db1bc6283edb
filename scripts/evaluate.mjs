// `npm run evaluate -- IMAGES [MODEL] [--dtype int8] [--agree] [--limit N] [--variant simd]`: the accuracy of a model on
// labeled pictures, measured through the built package.
//
// IMAGES is a folder with one folder of JPEG, PNG or WebP files per class, named as the model labels it (`cat/0001.jpg`);
// or else as many folders as the model has classes, which are numbered in alphabetical order, as torchvision's
// ImageFolder does it. MODEL is what `load` takes: a folder or a Hub id; without it, the built-in model. --limit takes N
// pictures, evenly spread. --agree counts instead how often the first answer is the one of the same model in fp32,
// whatever the labels say, so it works for any pictures.
import { Presets, SingleBar } from 'cli-progress';
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { canRead, readPicture } from './pictures.mjs';
import { Failure, main } from './shell.mjs';

/** The pictures of every class folder: `{ path, label }`. */
function labeledPictures(folder) {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) throw new Failure(`${folder} is not a folder of labeled pictures.`);
  const pictures = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(folder, name))
        .filter(canRead)
        .map((file) => ({ path: join(folder, name, file), label: name })),
    );
  if (pictures.length === 0)
    throw new Failure(`${folder} has no class folders with JPEG, PNG or WebP files in them.`);
  return pictures;
}

/**
 * Classifies every picture. Gives the number of right first answers, per class, how often the right one is among the
 * first five, and the expected calibration error: how far confidence is from accuracy, on average over 15 bins of
 * confidence.
 */
async function evaluate(model, pictures, onPicture) {
  const classes = new Map();
  const bins = Array.from({ length: 15 }, () => ({ confidence: 0, right: 0 }));
  let amongFive = 0;
  for (const { path, label, index } of pictures) {
    const answers = await model.classify(await readPicture(path), { topK: 5 });
    const [best] = answers;
    const counts = classes.get(label) ?? { right: 0, count: 0 };
    const right = Number(best.index === index);
    amongFive += Number(answers.some((answer) => answer.index === index));
    classes.set(label, { right: counts.right + right, count: counts.count + 1 });
    const bin = bins[Math.min(14, Math.floor(best.probability * 15))];
    bin.confidence += best.probability;
    bin.right += right;
    onPicture();
  }
  const gap = bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0);
  return { classes, amongFive, calibrationError: gap / pictures.length };
}

/** For how many pictures both models have the same first answer, and the largest difference of their probabilities. */
async function compare(model, reference, pictures, onPicture) {
  let same = 0;
  let difference = 0;
  for (const { path } of pictures) {
    const picture = await readPicture(path);
    const answers = [
      await model.classify(picture, { topK: 1 }),
      await reference.classify(picture, { topK: 1 }),
    ];
    const [[one], [other]] = answers;
    same += Number(one.index === other.index);
    if (one.index === other.index) {
      difference = Math.max(difference, Math.abs(one.probability - other.probability));
    }
    onPicture();
  }
  return { same, difference };
}

const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)} %`;

function spread(pictures, limit) {
  const count = Math.min(Number(limit ?? pictures.length), pictures.length);
  return Array.from({ length: count }, (_, i) => pictures[Math.floor((i * pictures.length) / count)]);
}

function progress(count) {
  const bar = new SingleBar(
    { format: '{bar} {value} of {total}, {eta_formatted} left' },
    Presets.shades_classic,
  );
  bar.start(count, 0);
  return bar;
}

async function reportAgreement(load, model, place, pictures, variant) {
  const reference = await load(place, { dtype: 'fp32', variant });
  const bar = progress(pictures.length);
  const { same, difference } = await compare(model, reference, pictures, () => bar.increment());
  bar.stop();
  console.log(
    `${nameOf(model, place)}: ${percent(same, pictures.length)} of ${pictures.length} first answers are those of fp32; ` +
      `where they are, its probability is at most ${difference.toFixed(4)} away`,
  );
  reference.dispose();
}

/** The pictures with the numbers of their classes in the model. */
function numbered(pictures, labels) {
  const folders = [...new Set(pictures.map(({ label }) => label))].sort();
  const unknown = folders.filter((label) => !labels.includes(label));
  if (unknown.length === 0) {
    return pictures.map((picture) => ({ ...picture, index: labels.indexOf(picture.label) }));
  }
  if (folders.length !== labels.length) {
    throw new Failure(
      `The model has no class called ${unknown.slice(0, 10).join(', ')}, and its ${labels.length} classes cannot be ` +
        `${folders.length} folders in alphabetical order either.`,
    );
  }
  return pictures.map(({ path, label }) => {
    const index = folders.indexOf(label);
    return { path, label: labels[index], index };
  });
}

async function reportAccuracy(model, place, labeled) {
  const pictures = numbered(labeled, model.info.labels);
  const bar = progress(pictures.length);
  const { classes, amongFive, calibrationError } = await evaluate(model, pictures, () => bar.increment());
  bar.stop();
  let right = 0;
  for (const [label, counts] of classes) {
    right += counts.right;
    console.log(`${label.padEnd(24)} ${percent(counts.right, counts.count)}`);
  }
  console.log(
    `${nameOf(model, place)}: ${percent(right, pictures.length)} of ${pictures.length} right, ` +
      `${percent(amongFive, pictures.length)} among the first five, ` +
      `expected calibration error ${percent(calibrationError, 1)}`,
  );
}

const nameOf = ({ info }, place) =>
  `${basename(place ?? 'the built-in model')}, ${info.dtype}, ${info.variant}`;

await main(import.meta, async () => {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dtype: { type: 'string' },
      variant: { type: 'string' },
      limit: { type: 'string' },
      agree: { type: 'boolean', default: false },
    },
  });
  const [images, place] = positionals;
  if (!images) throw new Failure('Say which pictures: npm run evaluate -- IMAGES [MODEL].');
  const pictures = spread(labeledPictures(images), options.limit);
  build();
  const { load } = await import('../dist/node.js');
  const { dtype, variant } = options;
  const model = await load(place, { dtype, variant });
  if (options.agree) await reportAgreement(load, model, place, pictures, variant);
  else await reportAccuracy(model, place, pictures);
  model.dispose();
});
