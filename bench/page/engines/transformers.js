// transformers.js: onnxruntime-web in a build of its own, behind the classes of Hugging Face's library.
import { AutoModelForImageClassification, env, Tensor } from '@huggingface/transformers';

const dtypes = { fp32: 'fp32', int8: 'q8' };

/** A model of the folder `file`, which holds config.json and onnx/. */
export async function create({ model, dtype, threads, file }) {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.useBrowserCache = false;
  env.useWasmCache = false;
  env.localModelPath = '/';
  const { wasm } = env.backends.onnx;
  wasm.wasmPaths = '/peers/@huggingface/transformers/node_modules/onnxruntime-web/dist/';
  wasm.numThreads = threads;
  const loaded = await AutoModelForImageClassification.from_pretrained(file.replaceAll(/^\/|\/$/g, ''), {
    device: 'wasm',
    dtype: dtypes[dtype],
  });
  return {
    async run({ pixels }) {
      const { logits } = await loaded({
        pixel_values: new Tensor('float32', pixels, [1, 3, model.image, model.image]),
      });
      return logits.data;
    },
  };
}
