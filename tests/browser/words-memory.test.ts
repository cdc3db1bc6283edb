// What the text encoder takes and gives back, as the system counts the memory of the page's process.
import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { safetensors } from '../web/tiny-checkpoint.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { forgetPeak, heapsOf, memoryOf, processOf } from './memory.js';
import type { Route } from './server.js';

const [clip] = zeroShotModels;
/** Text layers of 57 MB; the image encoder is as small as the fixture's. */
const text = { hidden_size: 384, intermediate_size: 1536, num_hidden_layers: 8, num_attention_heads: 6 };
const textBytes = 4 * 8 * 12 * 384 ** 2;

const json = async (name: string) =>
  JSON.parse(await readFile(new URL(name, zeroShotFolder(clip)), 'utf8')) as Record<string, object>;

/** The fixture with other text layers, all of whose weights are equal. */
async function weights(): Promise<Uint8Array> {
  const bytes = new Uint8Array(await readFile(new URL('model.safetensors', zeroShotFolder(clip))));
  const data = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  interface Entry {
    dtype: string;
    shape: number[];
    data_offsets: [number, number];
  }
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, data))) as Record<string, Entry>;
  delete header['__metadata__'];
  const pictures = Object.entries(header).filter(([name]) => !/^text_/.test(name));
  const texts: [string, number[]][] = [
    [
      'embeddings.token_embedding.weight',
      [header['text_model.embeddings.token_embedding.weight'].shape[0], 384],
    ],
    ['embeddings.position_embedding.weight', [77, 384]],
  ];
  const both = (name: string, ...shape: number[]) =>
    texts.push([`${name}.weight`, shape], [`${name}.bias`, shape.slice(0, 1)]);
  for (let layer = 0; layer < text.num_hidden_layers; layer++) {
    const block = `encoder.layers.${layer}`;
    for (const norm of ['layer_norm1', 'layer_norm2']) both(`${block}.${norm}`, 384);
    for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
      both(`${block}.self_attn.${part}`, 384, 384);
    both(`${block}.mlp.fc1`, 1536, 384);
    both(`${block}.mlp.fc2`, 384, 1536);
  }
  both('final_layer_norm', 384);
  const floats = (shape: number[]) =>
    new Uint8Array(new Float32Array(shape.reduce((a, b) => a * b)).fill(0.01).buffer);
  const [width] = header['text_projection.weight'].shape;
  return safetensors([
    ...pictures.map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        return { name, dtype, shape, data: bytes.slice(data + from, data + to) };
      },
    ),
    ...texts.map(([name, shape]) => ({
      name: `text_model.${name}`,
      dtype: 'F32',
      shape,
      data: floats(shape),
    })),
    { name: 'text_projection.weight', dtype: 'F32', shape: [width, 384], data: floats([width, 384]) },
  ]);
}

const config = await json('config.json');
const answers: Record<string, Uint8Array> = {
  'model.safetensors': await weights(),
  'config.json': Buffer.from(
    JSON.stringify({ ...config, text_config: { ...config['text_config'], ...text } }),
  ),
};
const model: Route = (request, response) => {
  const name = (request.url ?? '').slice('/words/'.length);
  if (name in answers) response.end(answers[name]);
  else
    readFile(new URL(name, zeroShotFolder(clip))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
};
const chromium = inChromium({ ...usualRoutes, '/words/': model });

/** Runs in the page: loads the model. */
async function loadModel({ entry, keepTextEncoder }: { entry: string; keepTextEncoder: boolean }) {
  const { load } = (await import(entry)) as Package;
  Object.assign(self, { model: await load('/words/', { threads: 1, cache: false, keepTextEncoder }) });
}

/** Runs in the page: encodes words, and waits for the end of what has encoded them. */
async function encode() {
  const { model } = self as unknown as { model: Awaited<ReturnType<Package['load']>> };
  await model.setLabels(['a cat', 'a dog']);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

/** By how many bytes the page's process has grown at most, and in the end, when words were encoded. */
async function growth(keepTextEncoder: boolean) {
  const page = await chromium.open();
  await page.evaluate(loadModel, { entry, keepTextEncoder });
  const pid = await processOf(page);
  await forgetPeak(pid);
  const before = await memoryOf(pid);
  // Looked at all the while: what a worker that ends gives back does not always count in the system's own peak.
  let [most, isEncoding] = [0, true];
  const encoding = page.evaluate(encode).finally(() => (isEncoding = false));
  while (isEncoding) {
    most = Math.max(most, (await memoryOf(pid)).now);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await encoding;
  await (await heapsOf(page)).collectGarbage();
  const after = await memoryOf(pid);
  return { most: Math.max(most, after.peak) - before.now, left: after.now - before.now };
}

it('is given back once words are encoded, unless it is kept', async () => {
  const kept = await growth(true);
  expect(kept.left).toBeGreaterThan(0.9 * textBytes);
  const freed = await growth(false);
  expect(freed.most).toBeGreaterThan(0.9 * textBytes);
  // The tokenizer and the code for words stay, and what the browser still has of the download.
  expect(freed.left).toBeLessThan(0.3 * textBytes);
});
