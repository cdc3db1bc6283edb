// transformers.js with classes in words: as its pipeline has it, or with a model for each tower, as an application does that
// keeps the vectors of its labels.
import {
  AutoProcessor,
  AutoTokenizer,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  env,
  pipeline,
  RawImage,
} from '@huggingface/transformers';

const dtypes = { fp32: 'fp32', int8: 'q8' };

/** A classifier of the folder `file`; `scale` is what a model for each tower lacks. */
export async function create({ dtype, file, apart, scale }) {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.useBrowserCache = false;
  env.useWasmCache = false;
  env.localModelPath = '/';
  const { wasm } = env.backends.onnx;
  wasm.wasmPaths = '/peers/@huggingface/transformers/node_modules/onnxruntime-web/dist/';
  wasm.numThreads = 1;
  const name = file.replaceAll(/^\/|\/$/g, '');
  return await (apart ? towers : whole)(name, { device: 'wasm', dtype: dtypes[dtype] }, scale);
}

async function whole(name, options) {
  const classifier = await pipeline('zero-shot-image-classification', name, options);
  let labels;
  return {
    setLabels(wanted) {
      labels = wanted;
    },
    async classify(picture, template) {
      const answers = await classifier(imageOf(picture), labels, { hypothesis_template: template });
      return labels.map((label) => answers.find((one) => one.label === label).score);
    },
  };
}

async function towers(name, options, scale) {
  const [tokenizer, processor, texts, pictures] = await Promise.all([
    AutoTokenizer.from_pretrained(name),
    AutoProcessor.from_pretrained(name),
    CLIPTextModelWithProjection.from_pretrained(name, options),
    CLIPVisionModelWithProjection.from_pretrained(name, options),
  ]);
  let vectors;
  return {
    async setLabels(labels, template) {
      const sentences = labels.map((label) => template.replaceAll('{}', label));
      const { text_embeds: embeds } = await texts(tokenizer(sentences, { padding: true, truncation: true }));
      vectors = embeds.normalize().tolist();
    },
    async classify(picture) {
      const { image_embeds: embeds } = await pictures(await processor(imageOf(picture)));
      const [image] = embeds.normalize().tolist();
      const powers = vectors.map((text) =>
        Math.exp(scale * text.reduce((sum, x, i) => sum + x * image[i], 0)),
      );
      const all = powers.reduce((sum, power) => sum + power);
      return powers.map((power) => power / all);
    },
  };
}

const imageOf = ({ data, width, height }) => new RawImage(data, width, height, 4).rgb();
