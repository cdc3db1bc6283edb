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
}

const folders = [
  ...['clip', 'clip-vision', 'deit-distilled', 'dinov2', 'dinov2-registers', 'dinov2-swiglu', 'siglip'],
  ...['i-jepa', 'vit-mae', 'vit-model-5', 'vit-multi-label', 'vit-oblong'],
].map((name) => `families/${name}`);
const timmFolders = [
  ...['average', 'class-token', 'distilled', 'gated', 'larger', 'no-embed-class', 'pre-norm', 'qk-norm'],
  ...['registers-average', 'siglip', 'torchvision', 'torchvision-pre-logits', 'wrapped'],
].map((name) => `timm/${name}`);

/** Reads them from the folder of the fixtures. */
export async function readModels(fixtures: string): Promise<Parts[]> {
  const tiny: Parts = {
    config: structuredClone(tinyConfig),
    preprocessor: { size: 8, do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
    tensors: tinyTensors(),
  };
  const read = await Promise.all([...folders, ...timmFolders].map((name) => readModel(join(fixtures, name))));
  return [tiny, ...read];
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
