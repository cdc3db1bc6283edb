// A file of weights, whatever its format: a list of tensors, then their bytes.

import type { Range } from './files/stream.js';

/** A tensor as its file stores it. */
export interface StoredTensor {
  readonly name: string;
  /** As safetensors names it: `F32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** Whether the first axis varies fastest (Fortran order), not the last. */
  readonly columnMajor?: boolean;
  /** Whether it is not in this file, which is a share of another: only parts of it can be read. */
  readonly isElsewhere?: boolean;
}

/** Takes the bytes of a tensor in pieces of any length; it must not keep a piece. */
export interface Sink {
  (piece: Uint8Array): void;
  /** The parts of the tensor that it takes, [begin, end) in bytes and in order; all of it by default. */
  readonly ranges?: readonly Range[];
}

/** The sink for all the bytes of its tensor, where none can be skipped: it is given those of its ranges. */
export function sifting(sink: Sink): Sink {
  const { ranges } = sink;
  if (!ranges) return sink;
  let at = 0;
  return (piece) => {
    for (const [begin, end] of ranges) {
      const part = piece.subarray(Math.max(0, begin - at), Math.max(0, end - at));
      if (part.length > 0) sink(part);
    }
    at += piece.length;
  };
}

/** What one network needs of a file, to be cached without the rest. */
export interface Share {
  /** Whether it reads a tensor, from its first byte to its last. */
  takes(tensor: StoredTensor): boolean;
  /** A tensor that it reads in parts, by `parts`. */
  readonly elsewhere?: StoredTensor | undefined;
}

/** Called with the bytes of a file that have arrived, and its total. */
export type Report = (file: string, loaded: number, total: number) => void;

/** The tensors of a file, or of several; known before their bytes are read. */
export interface TensorFile {
  /** Its name in messages. */
  readonly name: string;
  /** In the order in which `pour` gives them. */
  readonly tensors: readonly StoredTensor[];
  /** The version of the file, as far as its server tells versions apart. */
  readonly version?: string | undefined;
  /**
   * Parts of a tensor, before or after it is poured; undefined where they cannot be had without the rest of the file.
   */
  parts?(tensor: StoredTensor, parts: readonly Range[]): Promise<Uint8Array[] | undefined>;
  /**
   * Reads every tensor once, in order, into the sink from `sinkFor`; a tensor without one is skipped. With a `share`,
   * skipped bytes need not be cached.
   */
  pour(sinkFor: (tensor: StoredTensor) => Sink | undefined, report: Report, share?: Share): Promise<void>;
}

/** Bytes of all tensors as they are stored. */
export function bytesOf({ tensors }: Pick<TensorFile, 'tensors'>): number {
  return tensors.reduce((sum, { bytes }) => sum + bytes, 0);
}
