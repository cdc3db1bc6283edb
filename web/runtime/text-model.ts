// Token ids → vectors that are comparable with those of pictures.
import type { TextCheckpoint } from '../checkpoint/open-texts.js';
import type { Sink, StoredTensor } from '../checkpoint/tensors.js';
import type { Engine } from '../engine/engine.js';
import { elementTypes } from '../checkpoint/formats/floats.js';
import { VitError } from '../errors.js';
import { batchesOf } from './text-batches.js';

/** What texts become. */
export interface TextVectors {
  /** [texts × width], as the model gives them: not of length 1. */
  readonly data: Float32Array<ArrayBuffer>;
  readonly width: number;
  /** The cosine of a picture and a text, times this and plus that, is the logit. */
  readonly scale: number;
  readonly bias: number;
}

/** A text tower in an engine. */
export class TextModel {
  readonly #engine: Engine;
  readonly #checkpoint: TextCheckpoint;
  readonly #reopen: () => Promise<TextCheckpoint>;
  /** The rows of the table of token embeddings that have been needed so far, as the file has them. */
  readonly #rows = new Map<number, Uint8Array>();
  #wanted: readonly number[];
  readonly #scalars = new Map<string, Uint8Array>();

  /** The table, if its rows can be had without the rest of it. */
  elsewhere: StoredTensor | undefined;

  /** `tokens`: those whose rows are taken while the weights are read; `reopen` is for others that come later. */
  constructor(
    engine: Engine,
    checkpoint: TextCheckpoint,
    tokens: readonly number[],
    reopen: () => Promise<TextCheckpoint>,
  ) {
    this.#engine = engine;
    this.#checkpoint = checkpoint;
    this.#reopen = reopen;
    this.#wanted = sorted(tokens);
  }

  /** Before the weights are read: fetches the rows that are wanted, if they can be had alone. */
  async prepare(): Promise<void> {
    const { table } = this.#checkpoint;
    if (await this.#fetchAlone(this.#wanted)) this.elsewhere = table;
    else if (table.isElsewhere) throw this.#withoutRows();
  }

  /** Takes what the engine does not: the rows of the table that are wanted, and the scale of logits. */
  readonly sinkFor = (tensor: StoredTensor): Sink | undefined => {
    if (tensor.name === this.#checkpoint.table.name) {
      return this.elsewhere ? undefined : this.#tableSink(tensor);
    }
    if (!/^logit_(scale|bias)$/.test(tensor.name)) return undefined;
    return (piece) => {
      const before = this.#scalars.get(tensor.name) ?? new Uint8Array();
      this.#scalars.set(tensor.name, Uint8Array.from([...before, ...piece]));
    };
  };

  /** Encodes texts, given as token ids, in as few passes as the engine has room for. */
  async encode(texts: readonly (readonly number[])[]): Promise<TextVectors> {
    await this.#fetchRows(texts.flat());
    const { table, network } = this.#checkpoint;
    const width = network.jointWidth || network.hidden;
    const data = new Float32Array(texts.length * width);
    const batches = batchesOf(texts, network.imageWidth, network.causal);
    for (const [at, { texts: numbers, shared }] of batches.entries()) {
      // Yields to the event loop, so that an abort is heard.
      if (at > 0) await new Promise((resolve) => setTimeout(resolve));
      const own = numbers.map((text) => texts[text].slice(shared));
      const tokens = [...texts[numbers[0]].slice(0, shared), ...own.flat()];
      const rows = joined(tokens.map((token) => this.#rows.get(token) ?? new Uint8Array()));
      const vectors = this.#engine.guard(() => {
        this.#engine.putEmbeddings(rows, table.dtype, 0);
        return this.#engine.embedTexts(
          own.map(({ length }) => length),
          shared,
          false,
        );
      });
      for (const [row, text] of numbers.entries()) {
        data.set(vectors.data.subarray(row * width, (row + 1) * width), text * width);
      }
    }
    return { data, width, ...this.#logits() };
  }

  async #fetchRows(tokens: readonly number[]): Promise<void> {
    const { table } = this.#checkpoint;
    const beyond = tokens.find((token) => !(token >= 0 && token < table.shape[0]));
    if (beyond !== undefined) {
      throw new VitError(
        'tensors',
        `The tokenizer gives token ${beyond}, but "${table.name}" has ${table.shape[0]} rows; the files are of ` +
          'different models.',
      );
    }
    this.#wanted = sorted(tokens.filter((token) => !this.#rows.has(token)));
    if (this.#wanted.length === 0 || (await this.#fetchAlone(this.#wanted))) return;
    const { weights } = await this.#reopen();
    const sinkFor = (tensor: StoredTensor) =>
      tensor.name === table.name ? this.#tableSink(tensor) : undefined;
    await weights.pour(sinkFor, () => undefined);
    if (tokens.some((token) => !this.#rows.has(token))) throw this.#withoutRows();
  }

  #withoutRows(): VitError {
    return new VitError(
      'unreadable',
      `The rows of "${this.#checkpoint.table.name}" could not be fetched, as the server gives no parts of files any more; ` +
        'load the model again.',
    );
  }

  /** Whether the rows could be fetched without the rest of the file. */
  async #fetchAlone(tokens: readonly number[]): Promise<boolean> {
    const { table, weights } = this.#checkpoint;
    const rowBytes = table.bytes / table.shape[0];
    const known = tokens.filter((token) => token >= 0 && token < table.shape[0]);
    const ranges = known.map((token) => [token * rowBytes, (token + 1) * rowBytes] as const);
    const rows = await weights.parts?.(table, ranges);
    rows?.forEach((row, at) => this.#rows.set(known[at], row));
    return rows !== undefined;
  }

  /** Takes the wanted rows, one after another. */
  #tableSink({ shape, bytes }: StoredTensor): Sink {
    const rowBytes = bytes / shape[0];
    const wanted = this.#wanted.filter((token) => token < shape[0]);
    const rows = wanted.map(() => new Uint8Array(rowBytes));
    let at = 0;
    const take = (piece: Uint8Array) => {
      for (let from = 0; from < piece.length;) {
        const row = Math.floor(at / rowBytes);
        const part = piece.subarray(from, from + rowBytes - (at % rowBytes));
        rows[row].set(part, at % rowBytes);
        from += part.length;
        at += part.length;
        if (at % rowBytes === 0) this.#rows.set(wanted[row], rows[row]);
      }
    };
    const ranges = wanted.map((token) => [token * rowBytes, (token + 1) * rowBytes] as const);
    return Object.assign(take, { ranges });
  }

  #logits(): { scale: number; bias: number } {
    const { scale = 1, bias = 0 } = {
      scale: this.#scalar('logit_scale'),
      bias: this.#scalar('logit_bias'),
    };
    return { scale: Math.exp(scale), bias };
  }

  #scalar(name: string): number | undefined {
    const tensor = this.#checkpoint.weights.tensors.find((one) => one.name === name);
    const bytes = this.#scalars.get(name);
    const type = tensor && elementTypes[tensor.dtype];
    if (!type || bytes?.length !== tensor.bytes) return undefined;
    return type.read(new DataView(bytes.buffer, bytes.byteOffset), 0);
  }
}

/** Unique numbers, ascending. */
function sorted(tokens: readonly number[]): number[] {
  return [...new Set(tokens)].sort((a, b) => a - b);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
