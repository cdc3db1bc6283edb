// What a file of weights looks like to the rest, whichever format it has: a list of tensors, then their bytes.

/** A tensor as its file stores it. */
export interface StoredTensor {
  readonly name: string;
  /** As safetensors names it: `F32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** The first axis runs fastest (Fortran), not the last. */
  readonly columnMajor?: boolean;
}

/** Takes the bytes of a tensor in pieces of any length; it must not keep a piece. */
export interface Sink {
  (piece: Uint8Array): void;
  /** The parts of the tensor that it takes, [begin, end) in bytes and in order; all of it by default. */
  readonly ranges?: readonly (readonly [begin: number, end: number])[];
}

/** Called with the bytes of a file that have arrived, and its total. */
export type Report = (file: string, loaded: number, total: number) => void;

/** The tensors of a file, or of several; known before their bytes are read. */
export interface TensorFile {
  /** Its name in messages. */
  readonly name: string;
  /** In the order in which `pour` gives them. */
  readonly tensors: readonly StoredTensor[];
  /** Reads every tensor once, in order, into the sink from `sinkFor`; a tensor without one is skipped. */
  pour(sinkFor: (tensor: StoredTensor) => Sink | undefined, report: Report): Promise<void>;
}

/** Bytes of all tensors as they are stored. */
export function bytesOf({ tensors }: TensorFile): number {
  return tensors.reduce((sum, { bytes }) => sum + bytes, 0);
}
