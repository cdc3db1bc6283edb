// Encoder blocks whose tensors are stacked, as big_vision writes them when it scans over its blocks: one tensor
// `encoderblock/…` with an axis of blocks before its own. They are presented as if each block had its own.
import { VitError } from '../../errors.js';
import type { Sink, StoredTensor, TensorFile } from '../tensors.js';

const stackedName = /(^|\/)encoderblock\//;

/** The same file, with a tensor `encoderblock_{i}/…` for each block where they are stacked. */
export function unstacked(file: TensorFile): TensorFile {
  if (!file.tensors.some(({ name }) => stackedName.test(name))) return file;
  const blocksOf = new Map(file.tensors.map((tensor) => [tensor, blocks(tensor, file.name)]));
  return {
    ...file,
    tensors: [...blocksOf.values()].flat(),
    pour: (sinkFor, report) =>
      file.pour((tensor) => oneAfterAnother(blocksOf.get(tensor) ?? [tensor], sinkFor), report),
  };
}

/** A tensor's parts, which follow each other in the file; itself where it is not stacked. */
function blocks(tensor: StoredTensor, file: string): StoredTensor[] {
  const { name, bytes, columnMajor } = tensor;
  if (!stackedName.test(name)) return [tensor];
  const [count, ...shape] = tensor.shape;
  // A network of more blocks would be refused later, but only after all its tensors had been listed.
  if (!(count >= 1 && count <= mostBlocks)) {
    const what = `has shape [${tensor.shape.join(', ')}], whose first axis should be the blocks`;
    throw new VitError('tensors', `"${name}" of ${file} ${what}.`);
  }
  if (columnMajor && shape.length > 0) {
    const advice = 'save it in C order, with numpy.ascontiguousarray';
    throw new VitError('unsupported-format', `"${name}" of ${file} is stacked in Fortran order; ${advice}.`);
  }
  return Array.from({ length: count }, (_, i) => ({
    ...tensor,
    name: name.replace(stackedName, `$1encoderblock_${i}/`),
    shape,
    bytes: bytes / count,
  }));
}

const mostBlocks = 1000;

/** Gives each part its bytes. A sink is requested when its part comes, because the engine takes tensors one by one. */
function oneAfterAnother(
  parts: readonly StoredTensor[],
  sinkFor: (tensor: StoredTensor) => Sink | undefined,
): Sink | undefined {
  if (parts.length === 1) return sinkFor(parts[0]);
  const coming = [...parts];
  let sink: Sink | undefined;
  let remaining = 0;
  return (piece) => {
    for (let from = 0; from < piece.length;) {
      const next = remaining === 0 ? coming.shift() : undefined;
      if (next) {
        sink = sinkFor(next);
        remaining = next.bytes;
      }
      const part = piece.subarray(from, from + remaining);
      sink?.(part);
      from += part.length;
      remaining -= part.length;
    }
  };
}
