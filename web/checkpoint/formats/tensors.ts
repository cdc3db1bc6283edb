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

/** Takes the bytes of a tensor, piece by piece, cut anywhere; a piece is not kept. */
export type Sink = (piece: Uint8Array) => void;

/** Hears how many bytes of a file have come, and how many there are. */
export type Report = (file: string, loaded: number, total: number) => void;

/** The tensors of a file, or of several; known before their bytes are read. */
export interface TensorFile {
  /** What messages call it. */
  readonly name: string;
  /** In the order in which `pour` gives them. */
  readonly tensors: readonly StoredTensor[];
  /** Reads every tensor once, in order, into the sink that `sinkFor` gives for it; without a sink it is passed over. */
  pour(sinkFor: (tensor: StoredTensor) => Sink | undefined, report: Report): Promise<void>;
}
