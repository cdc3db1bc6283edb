import { writeFile } from 'node:fs/promises';
import { load } from '../web/node.js';
import type { LoadOptions } from '../web/types.js';
import type { LabelsCommand } from './arguments.js';
import { modelNamed } from './checkpoint.js';
import { print } from './output.js';
import { ProgressBar } from './progress.js';

/** Writes the vectors of classes in words, for pages that then need only the image tower. */
export async function labels({
  model: name,
  labels,
  template,
  output,
  dtype,
  load: given,
}: LabelsCommand): Promise<void> {
  const bar = new ProgressBar();
  const model = await load(modelNamed(name), {
    ...given,
    ...(dtype !== undefined && { dtype: dtype as LoadOptions['dtype'] }),
    onProgress: ({ file, loaded, total }) => bar.show(file, loaded, total),
  }).finally(() => bar.end());
  try {
    const vectors = await model.setLabels(labels, template.length > 0 ? { template } : {});
    await writeFile(output, `${JSON.stringify(vectors)}\n`);
    print(`Wrote the vectors of ${labels.length} labels to ${output}.`);
  } finally {
    model.dispose();
  }
}
