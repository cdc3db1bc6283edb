// CLIPs of seeded weights as Hugging Face folders, with CLIP's own tokenizer.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { root, run } from '../../scripts/shell.mjs';
import { workshop } from './checkpoint.mjs';
import { writeOnnxClip } from './onnx-clip.mjs';
import { seeded } from './random.mjs';
import { writeSafetensors } from './safetensors.mjs';

const vocabulary = 49408;
const longest = 77;
/** The exponent of what cosines are multiplied by; less than CLIP's 4.6, so that probabilities differ. */
export const logitScale = 3;

/** The folder of a CLIP with its files for us, also in int8/, and for transformers.js, made if need be. */
export async function clipFolder(name, model) {
  const folder = join(workshop, 'clip', name);
  const whole = join(folder, 'whole');
  if (existsSync(whole)) return folder;
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const json = (file, value) => writeFileSync(join(folder, file), JSON.stringify(value));
  json('config.json', configOf(model));
  json('preprocessor_config.json', preprocessorOf(model));
  await writeTokenizer(json);
  const weights = join(folder, 'model.safetensors');
  if (!existsSync(weights)) {
    const fill = seeded(2);
    writeSafetensors(`${weights}.part`, shapesOf(model), (name, shape) => tensor(fill, name, shape));
    renameSync(`${weights}.part`, weights);
  }
  for (const dtype of ['fp32', 'int8']) writeOnnxClip(join(folder, 'onnx'), weights, model, dtype);
  run(process.execPath, [
    join(root, 'dist/cli.js'),
    'convert',
    folder,
    '--dtype',
    'int8',
    '-o',
    join(folder, 'int8'),
  ]);
  writeFileSync(whole, '');
  return folder;
}

function configOf({ vision, text, joint }) {
  const common = { hidden_act: 'quick_gelu', layer_norm_eps: 1e-5 };
  const sizes = ({ hidden, layers, heads }) => ({
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: 4 * hidden,
    ...common,
  });
  return {
    model_type: 'clip',
    architectures: ['CLIPModel'],
    projection_dim: joint,
    logit_scale_init_value: logitScale,
    vision_config: {
      ...sizes(vision),
      image_size: vision.image,
      patch_size: vision.patch,
      model_type: 'clip_vision_model',
    },
    text_config: {
      ...sizes(text),
      vocab_size: vocabulary,
      max_position_embeddings: longest,
      eos_token_id: vocabulary - 1,
      model_type: 'clip_text_model',
    },
  };
}

/** Pictures come in the right size. */
function preprocessorOf({ vision: { image } }) {
  return {
    image_processor_type: 'CLIPImageProcessor',
    do_resize: false,
    do_center_crop: false,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
    crop_size: { height: image, width: image },
    size: { shortest_edge: image },
  };
}

/** Made of the merges that the tests have. */
async function writeTokenizer(json) {
  const bundle = join(workshop, 'tokenizer.mjs');
  buildSync({
    stdin: {
      contents: `export { clipTokenizer } from './web/words/tokenizer.ts'; export { clipVocabulary } from './tests/words/clip-vocabulary.ts';`,
      resolveDir: root,
    },
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  const { clipTokenizer, clipVocabulary } = await import(bundle);
  const packed = readFileSync(join(root, 'tests/golden/fixtures/tokenizers/clip-merges.txt.br'));
  const merges = brotliDecompressSync(packed).toString();
  json('tokenizer.json', clipTokenizer(clipVocabulary(merges.split('\n')), merges));
  json('tokenizer_config.json', {
    tokenizer_class: 'CLIPTokenizer',
    model_max_length: longest,
    pad_token: '<|endoftext|>',
    bos_token: '<|startoftext|>',
    eos_token: '<|endoftext|>',
    unk_token: '<|endoftext|>',
  });
}

/** Every tensor of transformers' CLIPModel with its shape. */
function shapesOf({ vision, text, joint }) {
  const shapes = { logit_scale: [] };
  const both = (name, outputs, ...inputs) => {
    shapes[`${name}.weight`] = [outputs, ...inputs];
    shapes[`${name}.bias`] = [outputs];
  };
  const encoder = (tower, { hidden, layers }) => {
    for (let layer = 0; layer < layers; layer++) {
      const block = `${tower}.encoder.layers.${layer}`;
      both(`${block}.layer_norm1`, hidden);
      for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
        both(`${block}.self_attn.${part}`, hidden, hidden);
      both(`${block}.layer_norm2`, hidden);
      both(`${block}.mlp.fc1`, 4 * hidden, hidden);
      both(`${block}.mlp.fc2`, hidden, 4 * hidden);
    }
  };
  shapes['text_model.embeddings.token_embedding.weight'] = [vocabulary, text.hidden];
  shapes['text_model.embeddings.position_embedding.weight'] = [longest, text.hidden];
  encoder('text_model', text);
  both('text_model.final_layer_norm', text.hidden);
  shapes['text_projection.weight'] = [joint, text.hidden];
  shapes['vision_model.embeddings.class_embedding'] = [vision.hidden];
  shapes['vision_model.embeddings.patch_embedding.weight'] = [vision.hidden, 3, vision.patch, vision.patch];
  shapes['vision_model.embeddings.position_embedding.weight'] = [
    (vision.image / vision.patch) ** 2 + 1,
    vision.hidden,
  ];
  both('vision_model.pre_layrnorm', vision.hidden);
  encoder('vision_model', vision);
  both('vision_model.post_layernorm', vision.hidden);
  shapes['visual_projection.weight'] = [joint, vision.hidden];
  return shapes;
}

/** Spread so that activations stay near one in every layer, and errors show in the answers. */
function tensor(fill, name, shape) {
  if (name === 'logit_scale') return Float32Array.of(logitScale);
  const count = shape.reduce((product, size) => product * size, 1);
  const deviation =
    /embedding(\.weight)?$/.test(name) && !name.includes('patch')
      ? 0.5
      : 1 / Math.sqrt(shape.length === 1 ? 100 : count / shape[0]);
  return fill(new Float32Array(count), deviation, /norm\w*\.weight$/.test(name) ? 1 : 0);
}
