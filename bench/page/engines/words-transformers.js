// transformers.js' pipeline for classes in words.
import { env, pipeline, RawImage } from '@huggingface/transformers';

const dtypes = { fp32: 'fp32', int8: 'q8' };

/** The pipeline of the folder `file`. */
export async function create({ dtype, file }) {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.useBrowserCache = false;
  env.useWasmCache = false;
  env.localModelPath = '/';
  const { wasm } = env.backends.onnx;
  wasm.wasmPaths = '/peers/@huggingface/transformers/node_modules/onnxruntime-web/dist/';
  wasm.numThreads = 1;
  const name = file.replaceAll(/^\/|\/$/g, '');
  const classifier = await pipeline('zero-shot-image-classification', name, {
    device: 'wasm',
    dtype: dtypes[dtype],
  });
  return {
    async classify({ data, width, height }, labels, template) {
      const image = new RawImage(data, width, height, 4).rgb();
      const answers = await classifier(image, labels, { hypothesis_template: template });
      return labels.map((label) => answers.find((one) => one.label === label).score);
    },
    forget() {},
  };
}
