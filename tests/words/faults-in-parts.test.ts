// Faults while the parts of a file are read that one tower needs: each load ends soon in the right answer or in an error
// that says what happened, and the next one is not spoiled. (Files that are read whole are in ../web/faults.test.ts.)
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, VitError, type LoadOptions } from 'vit-wasm';

import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import type { Answer } from '../web/fault-cases.js';
import { breakOff, type Answers } from '../web/http.js';
import { rangeServer, type RangeServer } from './range-server.js';

const [clip] = zeroShotModels;
const picture = makeImage(clip.picture);
const first = 'bytes=0-131071';

/** A fault, and what comes of it. */
interface Fault {
  readonly name: string;
  /** How the first part is answered instead, or each of the later ones. */
  readonly first?: Answer;
  readonly later?: Answer;
  /** How many of those answers there are, before the server is well again. */
  readonly times?: number;
  /** The code of the error, or undefined for the right answer. */
  readonly fails?: string;
}

/** Sends what was asked for, all but so many of its bytes, without saying how many there are; then `end` comes. */
const allBut =
  (missing: number, end: (response: Parameters<Answer>[0]) => void): Answer =>
  (response, { headers }) => {
    const [from, to] = (headers.range?.match(/\d+/g) ?? []).map(Number);
    const range = { etag: '"one"', 'content-range': `bytes ${from}-${to}/${model.length}` };
    response.writeHead(206, range).write(model.subarray(from, to + 1 - missing));
    end(response);
  };

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end();

const elsewhere: Answer = (response) =>
  response
    .writeHead(206, { etag: '"one"', 'content-range': `bytes 7-106/${model.length}` })
    .end(model.subarray(7, 107));

const swapped: Answer = (response, { headers }) => {
  const [from, to] = (headers.range?.match(/\d+/g) ?? []).map(Number);
  response
    .writeHead(206, { etag: '"two"', 'content-range': `bytes ${from}-${to}/${model.length}` })
    .end(model.subarray(from, to + 1));
};

const page: Answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hi');
const silent = () => undefined;

const faults: readonly Fault[] = [
  { name: 'the first part is cut', first: allBut(1000, breakOff), times: 1 },
  { name: 'the connection breaks at the end of the first part', first: allBut(0, breakOff), times: 1 },
  { name: 'the first part stalls', first: allBut(1000, silent), times: 1 },
  // The whole file is asked for then.
  { name: 'the first part never comes', first: silent },
  { name: 'the first part is refused', first: status(416) },
  { name: 'the first part is of another place', first: elsewhere },
  { name: 'the first part is a page', first: page, fails: 'html' },
  { name: 'the first part is not found', first: status(404), fails: 'not-found' },
  { name: 'a later part is cut', later: allBut(10, breakOff), times: 1 },
  {
    name: 'a later part is cut again and again',
    later: allBut(10, breakOff),
    times: 20,
    fails: 'unreadable',
  },
  { name: 'a later part stalls', later: allBut(10, silent), times: 1 },
  { name: 'a later part never comes', later: silent, fails: 'unreadable' },
  { name: 'a later part is refused', later: status(416) },
  { name: 'a later part is of another place', later: elsewhere },
  { name: 'a later part is of another version', later: swapped, fails: 'unreadable' },
  { name: 'a later part is a page', later: page, fails: 'html' },
  { name: 'a later part is not found', later: status(404), fails: 'unreadable' },
  { name: 'a later part is forbidden', later: status(403), fails: 'unreadable' },
  { name: 'the server is busy for a moment', later: status(429, { 'retry-after': '0' }), times: 1 },
  {
    name: 'the server is busy for an hour',
    later: status(503, { 'retry-after': '3600' }),
    fails: 'unreadable',
  },
];

let server: RangeServer;
let well: Answers;
let model: Uint8Array;
let folder: string;
let expected: Float32Array;

beforeAll(async () => {
  server = await rangeServer();
  well = { ...server.answers };
  model = new Uint8Array(await (await fetch(`${server.url}model.safetensors`)).arrayBuffer());
  folder = await mkdtemp(join(tmpdir(), 'vit-wasm-parts-'));
  const local = await load(zeroShotFolder(clip));
  expected = await local.embed(picture);
  local.dispose();
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function embeddingOf(id: string, options: LoadOptions = {}): Promise<Float32Array> {
  const loaded = await load(id, { host: server.url, cache: folder, ...options });
  const embedding = await loaded.embed(picture);
  loaded.dispose();
  return embedding;
}

it.each(faults.map((fault, index) => ({ ...fault, index })))(
  '$name: $fails',
  async ({ index, first: toFirst, later: toLater, times = Infinity, fails }) => {
    const id = `openai/tiny-clip-${index}`;
    const at = (path: string) => `/${id}/resolve/main${path}`;
    for (const [path, answer] of Object.entries(well)) server.answers[at(path)] = answer;
    const weights = well['/model.safetensors'];
    let left = times;
    let answered = 0;
    server.answers[at('/model.safetensors')] = (response, request) => {
      const { range } = request.headers;
      const fault = range === undefined ? undefined : range === first ? toFirst : toLater;
      if (!fault || left-- <= 0) return weights(response, request);
      answered++;
      fault(response, request);
    };
    const began = performance.now();
    const end = await embeddingOf(id, { stallTimeout: 700 }).catch((error: unknown) => error);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(answered).toBeGreaterThan(0);
    if (fails === undefined) expect(end).toEqual(expected);
    else {
      expect(end).toBeInstanceOf(VitError);
      expect(end).toMatchObject({ code: fails, message: expect.stringMatching(/^[A-Z"`/.\w].*\.$/s) });
    }
    // Once the server is well again, so is the model.
    server.answers[at('/model.safetensors')] = weights;
    expect(await embeddingOf(id)).toEqual(expected);
  },
);
