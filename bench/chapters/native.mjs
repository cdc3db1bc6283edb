// onnxruntime outside the browser, for orientation: what the processor does with its own instructions.
import { join } from 'node:path';
import { made } from '../models/checkpoint.mjs';
import { modelFile } from '../models/formats.mjs';
import { picture, pixelValues } from '../models/picture.mjs';
import { multiplyAdds } from '../plan.mjs';
import { median } from './statistics.mjs';

/** Returns a row for each of `models`, in 32-bit floats on one thread. */
export async function native({ models, rounds }) {
  const ort = await import('onnxruntime-node');
  const rows = [];
  for (const [name, model] of models) {
    modelFile(name, model, { format: 'onnx', dtype: 'fp32' });
    const session = await ort.InferenceSession.create(join(made, name, 'fp32.onnx'), {
      intraOpNumThreads: 1,
    });
    const shape = [1, 3, model.image, model.image];
    const feeds = { pixel_values: new ort.Tensor('float32', pixelValues(picture(model.image)), shape) };
    const times = [];
    // The first of them only warms up.
    for (let run = 0; run <= 3 * rounds; run++) {
      const begin = performance.now();
      await session.run(feeds);
      if (run > 0) times.push(performance.now() - begin);
    }
    await session.release();
    const minimum = Math.min(...times);
    const gmacs = multiplyAdds(model) / minimum / 1e6;
    rows.push({
      model: name,
      name: 'onnxruntime, native',
      dtype: 'fp32',
      threads: 1,
      median: median(times),
      minimum,
      gmacs,
    });
  }
  return rows;
}
