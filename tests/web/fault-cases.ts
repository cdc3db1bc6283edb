// What a server may do to a load, as a table: its answers, and what a load ends in. tests/web/faults.test.ts goes through it
// in Node, tests/browser/faults-in-a-page.test.ts in Chromium, whose connections, cache and redirects are others.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LoadOptions } from 'vit-wasm';

import { breakOff, json, troubled, whole } from './http.js';
import { frame, makeTensor, safetensors, tinyConfig, tinyTensors } from './tiny-checkpoint.js';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export const weights = safetensors(tinyTensors());
const others = safetensors(tinyTensors().map(({ name, shape }) => makeTensor(name, shape, 9)));
const sha256 = (bytes: Uint8Array) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

/** One answer after another; the last stays. */
function inTurn(...answers: Answer[]): Answer {
  let turn = 0;
  return (response, request) => answers[Math.min(turn++, answers.length - 1)](response, request);
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end();

/** The file with a header that says another length. */
const ofLength =
  (length: number): Answer =>
  (response) => {
    // Node would not send it.
    response.socket?.end(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`),
        weights,
      ]),
    );
  };

/** A part of the file, from somewhere else than asked. */
const wrongRange: Answer = (response, { headers }) => {
  const isRange = headers.range !== undefined;
  response.writeHead(isRange ? 206 : 200, {
    etag: '"1"',
    'content-length': isRange ? weights.length - 500 : weights.length,
    ...(isRange && { 'content-range': `bytes 500-${weights.length - 1}/${weights.length}` }),
  });
  if (isRange) response.end(weights.subarray(500));
};

const tagged: Answer = (response) => response.writeHead(200, { etag: '"1"' }).end(weights);

const breakingAt =
  (end: number, etag?: string): Answer =>
  (response) => {
    const headers = { 'content-length': weights.length, ...(etag && { etag }) };
    response.writeHead(200, headers).write(weights.subarray(0, end));
    breakOff(response);
  };

const dripping: Answer = (response) => {
  response.writeHead(200);
  const drip = (at: number) => {
    response.write(weights.subarray(at, at + 200));
    if (at + 200 < weights.length) setTimeout(drip, 5, at + 200);
    else response.end();
  };
  drip(0);
};

const stalled: Answer = (response) => {
  response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 3000));
};

/** A header of a model that needs more memory than there can be; its weights never come. */
const enormous: Answer = (response) => {
  const [width, inner] = [4096, 16384];
  const grown = tinyTensors().map(({ name, shape }) => ({
    name,
    shape: shape.map((size) => ({ 8: width, 16: inner })[size] ?? size),
  }));
  const layers = Array.from({ length: 7 }, (_, layer) =>
    grown
      .filter(({ name }) => name.includes('layer.0.'))
      .map(({ name, shape }) => ({ name: name.replace('layer.0.', `layer.${layer}.`), shape })),
  );
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const { name, shape } of [...grown.filter(({ name }) => !/layer\.\d/.test(name)), ...layers.flat()]) {
    const bytes = 2 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: 'F16', shape, data_offsets: [end, (end += bytes)] };
  }
  response.writeHead(200).write(frame(JSON.stringify(header)));
};
const enormousConfig = {
  ...tinyConfig,
  hidden_size: 4096,
  num_hidden_layers: 7,
  intermediate_size: 16384,
};

/** A fault, and what comes of it. */
export interface Fault {
  readonly name: string;
  /** The weights' answers, those of config.json, or of preprocessor_config.json, which is otherwise absent. */
  readonly weights?: Answer;
  readonly config?: Answer;
  readonly preprocessor?: Answer;
  readonly options?: LoadOptions;
  /** The code of the error, or undefined for the right answer. */
  readonly fails?: string;
}

export const faults: readonly Fault[] = [
  { name: 'cut once', weights: troubled(weights, { breaks: [3000], tags: ['"1"'] }) },
  { name: 'cut once, without a version', weights: troubled(weights, { breaks: [3000] }) },
  {
    name: 'cut again and again',
    weights: troubled(weights, { breaks: Array(99).fill(3000) }),
    fails: 'unreadable',
  },
  {
    name: 'cut again and again by a server of ranges',
    weights: breakingAt(3000, '"1"'),
    fails: 'unreadable',
  },
  { name: 'stalled', weights: stalled, options: { stallTimeout: 300 }, fails: 'unreadable' },
  { name: 'silent', weights: () => undefined, options: { stallTimeout: 300 }, fails: 'unreadable' },
  { name: 'a silent config', config: () => undefined, options: { stallTimeout: 300 }, fails: 'unreadable' },
  { name: 'stalled once', weights: inTurn(stalled, whole(weights)), options: { stallTimeout: 300 } },
  { name: 'slow', weights: dripping, options: { stallTimeout: 1000 } },
  { name: 'a length too large', weights: ofLength(weights.length + 1000), fails: 'unreadable' },
  { name: 'a length too small', weights: ofLength(weights.length - 1000), fails: 'truncated' },
  {
    name: 'an unasked 206',
    weights: (response) =>
      response
        .writeHead(206, { 'content-range': `bytes 0-99/${weights.length}` })
        .end(weights.subarray(0, 100)),
    fails: 'unreadable',
  },
  { name: 'a wrong range', weights: inTurn(breakingAt(3000, '"1"'), wrongRange, tagged) },
  {
    name: 'nothing but wrong ranges',
    weights: inTurn(breakingAt(3000, '"1"'), wrongRange),
    options: { stallTimeout: 500 },
    fails: 'unreadable',
  },
  { name: '400', weights: status(400), fails: 'unreadable' },
  { name: '403', weights: status(403), fails: 'unreadable' },
  { name: '404', weights: status(404), fails: 'not-found' },
  { name: '404 of the config', config: status(404), fails: 'not-found' },
  { name: '410', weights: status(410), fails: 'not-found' },
  { name: '416', weights: status(416), fails: 'unreadable' },
  { name: '429 with Retry-After', weights: inTurn(status(429, { 'retry-after': '1' }), whole(weights)) },
  { name: '429 for an hour', weights: status(429, { 'retry-after': '3600' }), fails: 'unreadable' },
  { name: '500 once', weights: inTurn(status(500), whole(weights)) },
  { name: '500', weights: status(500), fails: 'unreadable' },
  { name: '503 of the config', config: inTurn(status(503, { 'retry-after': '0' }), json(tinyConfig)) },
  { name: 'an empty file', weights: whole(new Uint8Array()), fails: 'truncated' },
  {
    name: 'a page',
    weights: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hi'),
    fails: 'html',
  },
  { name: 'a redirect', weights: inTurn(status(302, { location: 'model.safetensors' }), whole(weights)) },
  {
    name: 'a loop of redirects',
    weights: status(302, { location: 'model.safetensors' }),
    fails: 'unreadable',
  },
  {
    name: 'a redirect to nowhere',
    weights: status(302, { location: 'http://127.0.0.1:1/' }),
    fails: 'unreadable',
  },
  {
    name: 'a file swapped on the way',
    weights: inTurn(breakingAt(3000, '"1"'), (response) =>
      response.writeHead(200, { etag: '"2"' }).end(others),
    ),
    fails: 'unreadable',
  },
  {
    name: 'a file swapped on the way, without a version',
    weights: inTurn(breakingAt(6000), whole(others)),
    fails: 'unreadable',
  },
  {
    name: 'other weights than expected',
    weights: whole(others),
    options: { integrity: sha256(weights) },
    fails: 'integrity',
  },
  {
    name: 'a damaged header',
    weights: whole(weights.map((byte, at) => (at === 20 ? byte ^ 1 : byte))),
    fails: 'not-safetensors',
  },
  {
    name: 'a damaged length',
    weights: whole(weights.map((byte, at) => (at === 6 ? 255 : byte))),
    fails: 'not-safetensors',
  },
  {
    name: 'a damaged byte of a weight',
    weights: whole(weights.map((byte, at) => (at === weights.length - 50 ? byte ^ 1 : byte))),
    options: { integrity: sha256(weights) },
    fails: 'integrity',
  },
  {
    name: '416 to a resume',
    weights: inTurn(breakingAt(3000, '"1"'), status(416), tagged),
  },
  {
    name: 'a redirect of the resume',
    weights: inTurn(breakingAt(3000, '"1"'), status(307, { location: 'model.safetensors' }), tagged),
  },
  {
    name: 'NaN among the weights',
    weights: whole(weights.map((byte, at) => (at > weights.length - 5 ? 255 : byte))),
    fails: 'tensors',
  },
  { name: '500 of the preprocessor', preprocessor: status(500), fails: 'unreadable' },
  {
    name: 'a silent preprocessor',
    preprocessor: () => undefined,
    options: { stallTimeout: 300 },
    fails: 'unreadable',
  },
  {
    name: 'a damaged preprocessor',
    preprocessor: (response) => response.end('{"size":'),
    fails: 'preprocessor',
  },
  { name: 'a damaged config', config: (response) => response.end('{"model_type":'), fails: 'config' },
  { name: 'more bytes than allowed', options: { maxBytes: 1000 }, fails: 'too-large' },
  {
    name: 'memory refused',
    config: json(enormousConfig),
    weights: enormous,
    options: { stallTimeout: 3000 },
    fails: 'engine',
  },
];
