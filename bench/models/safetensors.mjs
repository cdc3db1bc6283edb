// Reading and writing safetensors files of 32-bit floats.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** The tensors of a file: name → { shape, data }. */
export function readSafetensors(path) {
  const file = readFileSync(path);
  const begin = 8 + Number(file.readBigUInt64LE(0));
  const tensors = new Map();
  for (const [name, entry] of Object.entries(JSON.parse(file.subarray(8, begin).toString()))) {
    if (name === '__metadata__') continue;
    if (entry.dtype !== 'F32')
      throw new Error(`${path}: "${name}" is ${entry.dtype}; the benchmark reads F32 only.`);
    const [from, to] = entry.data_offsets;
    // A copy, because floats have to lie on a multiple of four.
    const bytes = new Uint8Array(file.subarray(begin + from, begin + to));
    tensors.set(name, { shape: entry.shape, data: new Float32Array(bytes.buffer) });
  }
  return tensors;
}

/** Writes tensors of the given shapes; `fill(name, shape)` gives each one's floats when its turn comes. */
export function writeSafetensors(path, shapes, fill) {
  const header = {};
  let end = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const begin = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = openSync(path, 'w');
  for (const bytes of [length, json]) writeSync(file, bytes);
  for (const [name, shape] of Object.entries(shapes)) writeSync(file, fill(name, shape));
  closeSync(file);
}
