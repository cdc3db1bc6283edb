// The models that fuzzing starts from, taken apart: a config, a preprocessor and tensors, small ones of every family.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { tinyConfig, tinyTensors, type Tensor } from '../web/tiny-checkpoint.js';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = Record<string, Json>;

/** A model before it becomes files. */
export interface Parts {
  config: JsonObject | undefined;
  preprocessor: JsonObject | undefined;
  tensors: Tensor[];
  /** Of a model of texts: tokenizer.json and tokenizer_config.json. */
  words?: { tokenizer: JsonObject; config: JsonObject };
}

/** Of the fixtures' folder `families`, with config.json, and of `timm`. */
const folders = {
  families: [
    ...['beit-5', 'beit-shared', 'clip', 'clip-vision', 'data2vec-vision', 'deit-distilled', 'dinov2'],
    ...[
      'dinov2-registers',
      'dinov2-swiglu',
      'dinov3-5',
      'dinov3-gated',
      'dinov3-no-biases',
      'i-jepa',
      'siglip',
    ],
    ...['swin-5', 'swinv2-small-windows', 'vit-mae', 'vit-model-5', 'vit-multi-label', 'vit-oblong'],
  ],
  timm: [
    ...[
      'average',
      'beit',
      'class-token',
      'dinov3',
      'distilled',
      'eva',
      'eva02-base',
      'eva02-clip',
      'eva02-small',
    ],
    ...['gated', 'larger', 'no-embed-class', 'pre-norm', 'qk-norm', 'registers-average', 'rope-and-learned'],
    ...['siglip', 'swin', 'swinv2', 'torchvision', 'torchvision-pre-logits', 'wrapped'],
    ...[
      'aimv2',
      'norms-after',
      'parallel',
      'parallel-rms',
      'perception-encoder-core',
      'relpos',
      'relpos-shared',
    ],
    ...['relpos-norms-after', 'rope-mixed'],
  ],
};

/** Reads them from the folder of the fixtures. */
export async function readModels(fixtures: string): Promise<Parts[]> {
  const tiny: Parts = {
    config: structuredClone(tinyConfig),
    preprocessor: { size: 8, do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
    tensors: tinyTensors(),
  };
  const names = Object.entries(folders).flatMap(([place, all]) => all.map((name) => join(place, name)));
  return [tiny, ...(await Promise.all(names.map((name) => readModel(join(fixtures, name)))))];
}

/** Models of pictures and texts, the smallest first. */
export async function readSpeakers(fixtures: string): Promise<Parts[]> {
  const read = async (name: string): Promise<Parts> => {
    const folder = join(fixtures, 'zero-shot', name);
    const json = async (file: string) => JSON.parse(await readFile(join(folder, file), 'utf8')) as JsonObject;
    const words = { tokenizer: await json('tokenizer.json'), config: await json('tokenizer_config.json') };
    return { ...(await readModel(folder)), words };
  };
  return await Promise.all(['siglip', 'clip-legacy-eos', 'clip'].map(read));
}

async function readModel(folder: string): Promise<Parts> {
  const file = new Uint8Array(await readFile(join(folder, 'model.safetensors')));
  const data = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const json = async (name: string) => {
    const text = await readFile(join(folder, name), 'utf8').catch(() => 'null');
    return (JSON.parse(text) as JsonObject | null) ?? undefined;
  };
  const tensors = parseHeader(file.subarray(8, data), folder).map(({ name, dtype, shape, begin, end }) => ({
    name,
    dtype,
    shape: [...shape],
    data: file.slice(data + begin, data + end),
  }));
  return { config: await json('config.json'), preprocessor: await json('preprocessor_config.json'), tensors };
}
