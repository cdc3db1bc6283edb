// Each tower downloads its own part of the file, and of the table of token embeddings the rows that it needs; where the
// server gives no parts of files, everything.
import { afterEach, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { load } from 'vit-wasm';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { serveHttp, whole, type TestServer } from '../web/http.js';
import { safetensors } from '../web/tiny-checkpoint.js';

const [clip] = zeroShotModels;
const labels = ['a cat', 'a street'];
const table = 'text_model.embeddings.token_embedding.weight';
const bigBytes = 24 << 20;
const rows = 60_000;

const file = (name: string) => readFile(new URL(name, zeroShotFolder(clip)));

/** The tiny model with a table of many rows, and tensors of no use beside each tower's. */
async function largeModel(): Promise<Uint8Array> {
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

let server: TestServer | undefined;
afterEach(() => server?.close());

async function serve(givesRanges: boolean): Promise<{ sent: () => number; size: number; url: string }> {
  const model = await largeModel();
  let sent = 0;
  const answer = async (response: ServerResponse, { headers }: IncomingMessage) => {
    const [, from = '0'] = (givesRanges && /^bytes=(\d+)-$/.exec(headers.range ?? '')) || [];
    const begin = Number(from);
    const range = headers.range && givesRanges;
    response.writeHead(range ? 206 : 200, {
      etag: '"one"',
      'content-length': model.length - begin,
      ...(range && { 'content-range': `bytes ${begin}-${model.length - 1}/${model.length}` }),
    });
    // In pieces, so that it shows when the reader has gone.
    for (let at = begin; at < model.length && !response.destroyed; at += 1 << 16) {
      sent += Math.min(1 << 16, model.length - at);
      if (!response.write(model.subarray(at, at + (1 << 16)))) {
        await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
      }
    }
    response.end();
  };
  const answers = Object.fromEntries(
    await Promise.all(
      ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'].map(
        async (name) => [`/${name}`, whole(await file(name))] as const,
      ),
    ),
  );
  server = await serveHttp({ ...answers, '/model.safetensors': (...both) => void answer(...both) });
  return { sent: () => sent, size: model.length, url: server.url };
}

it.each([true, false])('gives the same answers (server gives ranges: %s)', async (givesRanges) => {
  const { url, sent, size } = await serve(givesRanges);
  const model = await load(url, { labels, cache: false });
  const local = await load(zeroShotFolder(clip), { labels });
  const picture = makeImage(clip.picture);
  expect(await model.classify(picture)).toEqual(await local.classify(picture));
  for (const one of [model, local]) one.dispose();
  const ranges = server?.requests.filter(({ range }) => range).length ?? 0;
  expect(ranges).toBeGreaterThan(0);
  if (givesRanges) expect(sent()).toBeLessThan(size);
});
