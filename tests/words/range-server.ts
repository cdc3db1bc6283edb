// A server of the tiny CLIP of ../golden with a table of many rows, and tensors of no use beside each tower's: parts of it
// are worth being skipped.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { serveHttp, whole, type Answers, type TestServer } from '../web/http.js';
import { safetensors } from '../web/tiny-checkpoint.js';

const [clip] = zeroShotModels;
const table = 'text_model.embeddings.token_embedding.weight';
const small = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'];

const file = (name: string) => readFile(new URL(name, zeroShotFolder(clip)));

/** `bigBytes`: of the tensor of no use in each tower; `rows`: of the table. */
export async function largeModel(bigBytes = 24 << 20, rows = 60_000): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file('model.safetensors'));
  const data = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const tensors = parseHeader(bytes.subarray(8, data), 'model').map(({ name, dtype, shape, begin, end }) => {
    const values = bytes.slice(data + begin, data + end);
    if (name !== table) return { name, dtype, shape: [...shape], data: values };
    const more = new Uint8Array((rows * values.length) / shape[0]);
    more.set(values);
    return { name, dtype, shape: [rows, shape[1]], data: more };
  });
  const big = (name: string) => ({ name, dtype: 'U8', shape: [bigBytes], data: new Uint8Array(bigBytes) });
  const all = [
    ...tensors,
    big('text_model.embeddings.position_ids'),
    big('vision_model.embeddings.position_ids'),
  ];
  return safetensors(all.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

/** The model's files, however they are served. */
export interface RangeFiles {
  /** By path; the same model is in `/` and in `/tiny-clip/`, whose name says that it may have two towers. */
  readonly answers: Answers;
  /** Whether it answers requests for parts of the weights with these. */
  givesRanges: boolean;
  /** Bytes of the weights' file. */
  readonly size: number;
  /** Bytes of it that were sent so far. */
  sent(): number;
  /** From now on it is another version. */
  change(): void;
  /** The checksums of all its files. */
  integrity(): Promise<Record<string, string>>;
}

export type RangeServer = TestServer & RangeFiles;

export async function rangeServer(): Promise<RangeServer> {
  const files = await rangeFiles();
  const server = await serveHttp(files.answers);
  return Object.assign(files, server);
}

export async function rangeFiles(): Promise<RangeFiles> {
  const model = await largeModel();
  const state = { sent: 0, etag: '"one"', givesRanges: true };
  const answer = async (response: ServerResponse, { headers }: IncomingMessage) => {
    const [range, from, to] = (state.givesRanges && /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')) || [];
    const begin = Number(from ?? 0);
    const end = to ? Math.min(Number(to) + 1, model.length) : model.length;
    if (begin >= model.length) {
      response.writeHead(416, { 'content-range': `bytes */${model.length}` }).end();
      return;
    }
    response.writeHead(range ? 206 : 200, {
      etag: state.etag,
      'content-length': end - begin,
      ...(range && { 'content-range': `bytes ${begin}-${end - 1}/${model.length}` }),
    });
    // In pieces, so that it shows when the reader has gone.
    for (let at = begin; at < end && !response.destroyed; at += 1 << 16) {
      const piece = model.subarray(at, Math.min(end, at + (1 << 16)));
      state.sent += piece.length;
      if (response.write(piece)) continue;
      await new Promise<void>((resolve) => {
        const go = () => {
          response.off('drain', go).off('close', go);
          resolve();
        };
        response.once('drain', go).once('close', go);
      });
    }
    response.end();
  };
  const answers = Object.fromEntries(
    await Promise.all(small.map(async (name) => [`/${name}`, whole(await file(name))] as const)),
  );
  const all: Answers = { ...answers, '/model.safetensors': (...both) => void answer(...both) };
  const named = Object.entries(all).map(([path, one]) => [`/tiny-clip${path}`, one] as const);
  return {
    answers: { ...all, ...Object.fromEntries(named) },
    size: model.length,
    sent: () => state.sent,
    change: () => (state.etag = '"two"'),
    get givesRanges() {
      return state.givesRanges;
    },
    set givesRanges(gives) {
      state.givesRanges = gives;
    },
    async integrity() {
      const bytes = await Promise.all(small.map(file));
      const all = [
        ...small.map((name, at) => [name, bytes[at]] as const),
        ['model.safetensors', model] as const,
      ];
      return Object.fromEntries(
        all.map(([name, content]) => [name, `sha256-${createHash('sha256').update(content).digest('hex')}`]),
      );
    },
  };
}
