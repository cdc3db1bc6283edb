// The most that a model's files may have. Far beyond any published Vision Transformer, and few enough that a file is
// refused within a second and without taking much memory. More limits, of sizes, are the engine's (cpp/config.cpp):
// 256 encoder blocks, 65,536 tokens, 2 GB for one tensor.
import { VitError, type VitErrorCode } from '../../errors.js';

export const limits = {
  /** Bytes of a safetensors header; ViT-Giant's has 150,000. */
  headerBytes: 8e6,
  /** Bytes of a JSON file; the labels and descriptions of 21,843 classes take 2 million. */
  jsonBytes: 8e6,
  /** Bytes of a tokenizer's JSON; Gemma's, of SigLIP 2, has 34 million. */
  tokenizerBytes: 64e6,
  /** Values in a JSON text: elements and members of whatever it has. */
  jsonValues: 250_000,
  /** How deep a JSON text may nest. */
  jsonDepth: 100,
  /** Tensors of a model. */
  tensors: 20_000,
  /** Classes of a model; ImageNet-21k has 21,843. */
  classes: 65_536,
  /** Files in an archive. */
  archiveFiles: 5000,
  /** Files that a model's weights may be spread over. */
  shards: 100,
} as const;

/** Refuses what has more than it may: `code`, "<file> has 1,000,000 <what>, and at most 20,000 are read; …". */
export function checkLimit(
  count: number,
  limit: keyof typeof limits,
  file: string,
  what: string,
  code: VitErrorCode,
): void {
  const most = limits[limit];
  if (count <= most) return;
  throw new VitError(
    code,
    `${file} has ${count.toLocaleString('en')} ${what}, and at most ${most.toLocaleString('en')} are read; ` +
      'it is damaged, or not a model for vit-wasm.',
  );
}
