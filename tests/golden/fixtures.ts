// Reads what generate.py made, and finds the folder of real models and photographs beside the repository.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { fromHalf } from '../../web/checkpoint/formats/floats.js';

/** The folder of the fixtures, with a slash at the end. */
export const fixtures = new URL('./fixtures/', import.meta.url);

/** The folder of what is too large for the repository: `$VIT_SHARED`, or `shared/` beside the repository. */
export const shared = process.env.VIT_SHARED
  ? pathToFileURL(`${process.env.VIT_SHARED}/`)
  : new URL('../../../shared/', import.meta.url);

export const deitTiny = new URL('models/deit-tiny-patch16-224/', shared);
export const photographs = new URL('images/', shared);

/** Whether the tests of real weights on real photographs can run. */
export const sharedIsThere = [deitTiny, photographs].every((folder) => existsSync(fileURLToPath(folder)));

/** A JSON file, which may be gzipped (`.json.gz`). */
export async function readJson<T>(name: string): Promise<T> {
  const file = await readFile(new URL(name, fixtures));
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(file) : file).toString()) as T;
}

/** The tensors of a safetensors file, all of them F32 or F16, by name. */
export async function readTensors(name: string): Promise<Map<string, Float32Array>> {
  const file = new Uint8Array(await readFile(new URL(name, fixtures)));
  const data = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const entries = parseHeader(file.subarray(8, data), name).map((tensor) => {
    const bytes = file.buffer.slice(data + tensor.begin, data + tensor.end);
    if (tensor.dtype === 'F32') return [tensor.name, new Float32Array(bytes)] as const;
    if (tensor.dtype === 'F16')
      return [tensor.name, Float32Array.from(new Uint16Array(bytes), fromHalf)] as const;
    throw new Error(`"${tensor.name}" of ${name} is ${tensor.dtype}, not F32 or F16.`);
  });
  return new Map(entries);
}

/** A tensor that has to be there. */
export function tensorOf(tensors: Map<string, Float32Array>, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`There is no fixture "${name}".`);
  return tensor;
}
