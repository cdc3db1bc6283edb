// onnxruntime-web's build for the CPU alone, the smallest of its builds and no slower than the others.

/** An InferenceSession on an ONNX file. */
export async function create({ model, threads, file }) {
  const ort = await import('/peers/onnxruntime-web/dist/ort.wasm.bundle.min.mjs');
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(file, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  const shape = [1, 3, model.image, model.image];
  return {
    async run({ pixels }) {
      const results = await session.run({ [input]: new ort.Tensor('float32', pixels, shape) });
      return results[output].data;
    },
  };
}
