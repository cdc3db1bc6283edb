// Classes that change while calls wait, labels of odd characters, and what the text encoder reports.
import { afterAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { load, type Progress } from 'vit-wasm';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { serveHttp, whole, type Answers } from '../web/http.js';
import { safetensors } from '../web/tiny-checkpoint.js';
import { rangeServer } from './range-server.js';

const [clip] = zeroShotModels;
const folder = zeroShotFolder(clip);
const picture = makeImage(clip.picture);

const home = await mkdtemp(join(tmpdir(), 'vit-wasm-labels-'));
afterAll(() => rm(home, { recursive: true }));

/** An answer that is held back; `asked` resolves when it is waited for. */
function heldBack(answer: (response: ServerResponse) => void) {
  let send: () => void = () => undefined;
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const held = (response: ServerResponse) => {
    send = () => answer(response);
    ask();
  };
  return { held, asked, send: () => send() };
}

describe('setLabels', () => {
  it('names classes as they are when the turn of a call comes', async () => {
    const model = await load(folder, { labels: ['old', 'both'] });
    const other = await load(folder);
    const vectors = await other.setLabels(['both', 'new']);
    // Calls all the while, so that some wait behind the labels that change, and were made before.
    const calls: Promise<unknown>[] = [];
    const labelling = model.setLabels(vectors);
    while (model.info.labels[0] === 'old') {
      calls.push(model.classify(picture, { allow: ['old'] }).catch((error: unknown) => error));
      await (calls.length % 20 ? Promise.resolve() : new Promise((resolve) => setImmediate(resolve)));
    }
    await labelling;
    const { length } = calls;
    let late = 0;
    for (const outcome of await Promise.all(calls)) {
      if (Array.isArray(outcome)) {
        expect(outcome).toMatchObject([{ label: 'old', index: 0 }]);
      } else {
        late++;
        expect(outcome).toMatchObject({
          code: 'invalid-argument',
          message: expect.stringContaining('"old"'),
        });
      }
    }
    expect(late).toBeGreaterThan(0);
    expect(length - late).toBeGreaterThan(0);
    for (const one of [model, other]) one.dispose();
  });

  it('leaves the labels of the latest call, whichever is done first', async () => {
    const { held, asked, send } = heldBack(whole(await readFile(new URL('tokenizer.json', folder))));
    const answers: Answers = { '/tokenizer.json': held };
    for (const name of [
      'config.json',
      'preprocessor_config.json',
      'tokenizer_config.json',
      'model.safetensors',
    ]) {
      answers[`/${name}`] = whole(await readFile(new URL(name, folder)));
    }
    const server = await serveHttp(answers);
    const local = await load(folder);
    const vectors = await local.setLabels(['rain', 'snow']);
    const model = await load(server.url, { cache: false });
    const older = model.setLabels(['a cat']);
    await asked;
    await model.setLabels(vectors);
    send();
    expect(await older).toMatchObject({ labels: ['a cat'] });
    expect(model.info.labels).toEqual(['rain', 'snow']);
    const labels = (await model.classify(picture)).map(({ label }) => label);
    expect(labels.sort()).toEqual(['rain', 'snow']);
    await model.setLabels(['a dog']);
    expect(model.info.labels).toEqual(['a dog']);
    // One that fails has no say.
    const last = model.setLabels(['a street']);
    await expect(model.setLabels({ ...vectors, vectors: '' })).rejects.toMatchObject({ name: 'VitError' });
    await last;
    expect(model.info.labels).toEqual(['a street']);
    for (const one of [model, local]) one.dispose();
    await server.close();
  });

  it('takes a name that is wrong for the whole call, and the lists as they were', async () => {
    const model = await load(folder, { labels: ['a cat', 'a dog'] });
    const wrong = { allow: ['a typo'] };
    const refused = { code: 'invalid-argument', message: expect.stringContaining('"a typo"') };
    await expect(model.classify([picture], { ...wrong, settle: true })).rejects.toMatchObject(refused);
    await expect(model.classify([], wrong)).rejects.toMatchObject(refused);
    const options = { allow: ['a cat'] };
    const waited = [model.classify(picture), model.classify(picture, options)] as const;
    options.allow[0] = 'a dog';
    expect(await waited[1]).toMatchObject([{ label: 'a cat' }]);
    model.dispose();
  });

  it('puts labels into a template as they are written', async () => {
    const model = await load(folder, { keepTextEncoder: true });
    const labels = ['$$$', '$&', "$'", 'a {} b'];
    const { vectors } = await model.setLabels(labels, { template: 'a photo of {}' });
    const texts = labels.map((label) => 'a photo of ' + label);
    const same = await model.setLabels(texts);
    expect(vectors).toEqual(same.vectors);
    model.dispose();
  });

  it('gives a label the same vector to the bit, whatever it is encoded with', async () => {
    const model = await load(folder, { keepTextEncoder: true });
    const texts = ['a photo of a cat', 'a photo of a cat on a street', 'a photo of rain', 'snow', 'a photo'];
    const together = await model.embedText(texts);
    for (const [at, text] of texts.entries()) expect(await model.embedText(text)).toEqual(together[at]);
    model.dispose();
  });

  it('keeps the scale of a file in bfloat16', async () => {
    const bytes = new Uint8Array(await readFile(new URL('model.safetensors', folder)));
    const data = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const tensors = parseHeader(bytes.subarray(8, data), 'model').map(
      ({ name, dtype, shape, begin, end }) => {
        const values = bytes.slice(data + begin, data + end);
        if (name !== 'logit_scale') return { name, dtype, shape: [...shape], data: values };
        return { name, dtype: 'BF16', shape: [...shape], data: values.slice(2) }; // the upper half
      },
    );
    const copy = join(home, 'bfloat16');
    await cp(folder, copy, { recursive: true });
    await writeFile(join(copy, 'model.safetensors'), safetensors(tensors));
    const model = await load(pathToFileURL(`${copy}/`), { keepTextEncoder: true });
    const { scale } = await model.setLabels(['a cat']);
    await model.embedText('a dog');
    expect((await model.setLabels(['a street'])).scale).toBe(scale);
    expect(scale).toBeCloseTo(Math.exp(2.3), 0);
    model.dispose();
  });
});

describe('onProgress', () => {
  it('is one bar for both towers of a load, and hears nothing of later calls', async () => {
    const server = await rangeServer();
    const reports: Progress[] = [];
    const model = await load(server.url, {
      labels: ['a cat'],
      cache: false,
      onProgress: (one) => reports.push(one),
    });
    const loaded = reports.map(({ overall }) => overall.loaded);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    const totals = new Set(reports.map(({ overall }) => overall.total));
    expect(totals.size).toBeGreaterThan(1);
    const last = reports.at(-1)?.overall;
    expect(last?.loaded).toBe(last?.total);
    const { length } = reports;
    await model.setLabels(['a dog']);
    expect(reports).toHaveLength(length);
    model.dispose();
    await server.close();
  });
});
