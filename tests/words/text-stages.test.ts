// Every stage of the text encoder against transformers, on the tiny models of ../golden.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { fill } from '../../web/checkpoint/fill.js';
import { openFile } from '../../web/checkpoint/files/source.js';
import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { openTexts } from '../../web/checkpoint/open-texts.js';
import { createEngine, variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { readTensors, tensorOf } from '../golden/fixtures.js';
import { textsOf, zeroShotFolder, zeroShotModels, type ZeroShotModel } from '../golden/zero-shot.js';

const tolerance = 2e-5;

async function bytesOf(model: ZeroShotModel, name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(name, zeroShotFolder(model))));
}

/** The rows of the table of token embeddings, as they are in the file. */
async function tableOf(model: ZeroShotModel) {
  const bytes = await bytesOf(model, 'model.safetensors');
  const data = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const table = parseHeader(bytes.subarray(8, data), 'file').find(({ name }) =>
    name.endsWith('token_embedding.weight'),
  );
  if (!table) throw new Error('There is no table.');
  const rowBytes = table.bytes / table.shape[0];
  const row = (id: number) =>
    bytes.subarray(data + table.begin + id * rowBytes, data + table.begin + (id + 1) * rowBytes);
  return {
    dtype: table.dtype,
    rowsOf: (ids: readonly number[]) => Uint8Array.from(ids.flatMap((id) => [...row(id)])),
  };
}

const cases = variants.flatMap((variant) =>
  zeroShotModels.map((model) => ({ variant, model, name: model.name })),
);

describe.each(cases)('$name ($variant)', ({ variant, model, name }) => {
  it('computes what transformers computes, for one text and for several at once', async () => {
    const expected = await readTensors(`zero-shot/${name}/expected.safetensors`);
    const rare = () => import('../../web/runtime/rare.js');
    const context = { open: openFile, signal: new AbortController().signal, rare };
    const listed = Object.fromEntries(
      await Promise.all(
        ['config.json', 'model.safetensors'].map(
          async (file) => [file, { kind: 'bytes', bytes: await bytesOf(model, file) }] as const,
        ),
      ),
    );
    const checkpoint = await openTexts({ title: name, weights: 'model.safetensors', listed }, context);
    const engine = await createEngine(variant);
    await fill(engine, checkpoint, context);
    const { dtype, rowsOf } = await tableOf(model);
    const put = (texts: readonly number[][]) => engine.putEmbeddings(rowsOf(texts.flat()), dtype, 0);

    const texts = textsOf(model);
    const [first] = texts;
    const { hidden, layers, imageWidth: longest } = checkpoint.network;
    for (const stage of ['tokens', ...Array.from({ length: layers }, (_, i) => `blocks.${i}`)]) {
      put([first]);
      const { data, rows } = engine.textStage([first.length], stage);
      expect(rows).toBe(first.length);
      const golden = tensorOf(expected, stage === 'tokens' ? 'text.embeddings' : `text.${stage}`);
      expectClose(data, golden.subarray(0, first.length * hidden), tolerance, `${stage} of ${name}`);
    }

    const features = tensorOf(expected, 'text_features');
    const width = features.length / texts.length;
    const together = texts.slice(0, 6);
    // As many as fit into one pass.
    const batches = together.flat().length <= longest ? [together] : together.map((text) => [text]);
    let at = 0;
    for (const batch of [...batches, [texts[6]]]) {
      put(batch);
      const { data, rows, columns } = engine.embedTexts(
        batch.map((text) => text.length),
        0,
        false,
      );
      expect([rows, columns]).toEqual([batch.length, width]);
      expectClose(data, features.subarray(at, (at += data.length)), tolerance, `features of ${name}`);
    }
    put([first]);
    expect(Math.hypot(...engine.embedTexts([first.length], 0, true).data)).toBeCloseTo(1, 6);

    expect(() => engine.embedTexts([longest, 1], 0, false)).toThrow(
      '2 texts do not fit into one pass of this model',
    );
    engine.dispose();
  });
});
