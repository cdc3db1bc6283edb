import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { prepare } from '../web/checkpoint/fill.js';
import { weightsName } from '../web/checkpoint/files.js';
import type { StoredTensor, TensorFile } from '../web/checkpoint/tensors.js';
import { VitError } from '../web/errors.js';
import type { ConvertCommand } from './arguments.js';
import { open } from './checkpoint.js';
import { converter, elementTypes, type Target } from './elements.js';
import { startEngine } from './engine.js';
import { ProgressBar } from './progress.js';

/** Writes a model as a folder of safetensors: its JSON files as they are, its tensors under their names. */
export async function convert({ model, dtype, output, load }: ConvertCommand): Promise<void> {
  if (existsSync(join(output, weightsName))) {
    throw new VitError('unreadable', `There is a ${weightsName} in ${output} already; give another folder.`);
  }
  const bar = new ProgressBar();
  const { checkpoint, jsonFiles, close } = await open(model, load);
  let complete = false;
  const path = join(output, weightsName);
  try {
    // Held against its configuration first: what is written has to load.
    const engine = await startEngine();
    prepare(engine, checkpoint);
    engine.dispose();
    await mkdir(output, { recursive: true });
    await writeWeights(checkpoint.weights, dtype === 'fp16' ? 'F16' : 'F32', `${path}.part`, bar);
    for (const [name, bytes] of jsonFiles) await writeFile(join(output, name), bytes);
    await rename(`${path}.part`, path);
    complete = true;
  } finally {
    bar.end();
    await rm(`${path}.part`, { force: true });
    await close(complete);
  }
  console.log(`Wrote ${output}.`);
}

async function writeWeights(weights: TensorFile, to: Target, path: string, bar: ProgressBar): Promise<void> {
  const file = createWriteStream(path);
  const failed = once(file, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => undefined);
  file.write(headerOf(weights.tensors, to));
  await weights.pour(
    ({ dtype }) => {
      if (!converts(dtype, to)) return (piece) => void file.write(Uint8Array.from(piece));
      const convertPiece = converter(dtype, to);
      return (piece) => void file.write(convertPiece(piece));
    },
    (name, loaded, total) => bar.show(name, loaded, total),
  );
  file.end();
  await Promise.race([once(file, 'close'), failed]);
}

/** Whether a tensor is stored otherwise afterwards; what is no number of the network's stays as it is. */
const converts = (dtype: string, to: Target) => dtype !== to && dtype in elementTypes;

/** The length and the JSON header of a safetensors file; the data begins on a multiple of eight, as others write it. */
function headerOf(tensors: readonly StoredTensor[], to: Target): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    const size = converts(dtype, to) ? (bytes / elementTypes[dtype].bytes) * (to === 'F16' ? 2 : 4) : bytes;
    header[name] = { dtype: converts(dtype, to) ? to : dtype, shape, data_offsets: [end, end + size] };
    end += size;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const out = Buffer.alloc(8 + padded, ' ');
  out.writeBigUInt64LE(BigInt(padded));
  json.copy(out, 8);
  return out;
}
