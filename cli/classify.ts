import { load } from '../web/node.js';
import type { LoadOptions, Prediction } from '../web/types.js';
import type { ClassifyCommand } from './arguments.js';
import { modelNamed } from './checkpoint.js';
import { print, printableLine, printJson } from './output.js';
import { readPicture } from './pictures.js';
import { ProgressBar } from './progress.js';
import { table } from './table.js';

/** Classifies pictures, one after another. */
export async function classify(command: ClassifyCommand): Promise<void> {
  const { images, topK, json, dtype } = command;
  const bar = new ProgressBar();
  const model = await load(modelNamed(command.model), {
    ...command.load,
    ...(dtype !== undefined && { dtype: dtype as LoadOptions['dtype'] }),
    onProgress: ({ file, loaded, total }) => bar.show(file, loaded, total),
  }).finally(() => bar.end());
  const results: { image: string; predictions: Prediction[] }[] = [];
  try {
    for (const image of images) {
      const predictions = await model.classify(await readPicture(image), { topK });
      if (json) results.push({ image, predictions });
      else print(`${printableLine(image)}\n${table(predictions.map(rowOf))}\n`);
    }
  } finally {
    model.dispose();
  }
  if (json) printJson(results);
}

const rowOf = ({ label, probability }: Prediction): [string, string] => [
  `${(100 * probability).toFixed(2).padStart(7)} %`,
  label,
];
