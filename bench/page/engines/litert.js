// LiteRT.js, whose kernels are XNNPACK's.
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';

/** A compiled model; `build` names one of LiteRT's wasm builds instead of its own choice. */
export async function create({ threads, file, build }) {
  const wasm = '/peers/@litertjs/core/wasm/';
  await loadLiteRt(build ? `${wasm}${build}.js` : wasm, { threads: threads > 1 });
  const options = threads > 1 ? { cpuOptions: { numThreads: threads } } : {};
  const model = await loadAndCompile(file, { accelerator: 'wasm', ...options });
  const [{ shape }] = model.getInputDetails();
  return {
    async run({ pixels }) {
      const input = new Tensor(pixels, shape);
      const [output] = await model.run(input);
      const logits = output.toTypedArray().slice();
      input.delete();
      output.delete();
      return logits;
    },
  };
}
