// Models as open_clip saves them through the public door, against open_clip itself.
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { familiesFor } from '../../web/checkpoint/families/all.js';
import { mapNames } from '../../web/checkpoint/families/names.js';
import { run } from '../cli/program.js';
import { variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { fixtures, readJson, readTensors, tensorOf } from '../golden/fixtures.js';
import { makeImage, type ImageDescription } from '../golden/noise.js';
import { serveHttp, whole, type Answers, type TestServer } from '../web/http.js';
import { failureOf } from '../web/tiny-checkpoint.js';

interface OpenClipModel {
  name: string;
  picture: ImageDescription;
  labels: string[];
  /** Whose tokenizer it is, of zero-shot/. */
  tokenizer: string;
}

/** Largest absolute error. 1e-4 would do; what is left of it shows a mistake that rounding does not make. */
const tolerance = 2e-5;

const models = await readJson<OpenClipModel[]>('open-clip.json');
const [clip] = models;
const temporary = await mkdtemp(join(tmpdir(), 'vit-wasm-open-clip-'));
afterAll(() => rm(temporary, { recursive: true }));

/** A folder of the model with its tokenizer. */
async function folderOf({ name, tokenizer }: OpenClipModel, copy = name): Promise<string> {
  const folder = join(temporary, copy);
  await cp(fileURLToPath(new URL(`open-clip/${name}/`, fixtures)), folder, { recursive: true });
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await cp(fileURLToPath(new URL(`zero-shot/${tokenizer}/${file}`, fixtures)), join(folder, file));
  }
  return `${folder}/`;
}

const cases = variants.flatMap((variant) => models.map((model) => ({ variant, model, name: model.name })));

describe.each(cases)('$name ($variant)', ({ variant, model, name }) => {
  it('gives pixel values, features of pictures and texts, and probabilities', async () => {
    const expected = await readTensors(`open-clip/${name}/expected.safetensors`);
    const golden = (what: string) => tensorOf(expected, what);
    const { labels } = model;
    const loaded = await load(await folderOf(model), { variant, labels });
    const picture = makeImage(model.picture);
    expect(loaded.info).toMatchObject({ modelType: 'open_clip', words: true, labels });
    expectClose(await loaded.preprocess(picture), golden('pixel_values'), 1e-6, 'pixel values');
    expectClose(await loaded.embed(picture), golden('image_features'), tolerance, `pictures of ${name}`);
    const texts = (await loaded.embedText(labels)).flatMap((vector) => [...vector]);
    expectClose(texts, golden('text_features'), tolerance, `texts of ${name}`);
    const predictions = await loaded.classify(picture, { topK: labels.length });
    const probabilities = predictions.sort((a, b) => a.index - b.index).map(({ probability }) => probability);
    expectClose(probabilities, golden('probabilities'), tolerance, `probabilities of ${name}`);
    loaded.dispose();
  });
});

it.each(models)('$name answers as before once it is converted', async (model) => {
  const { name, labels } = model;
  const source = await folderOf(model);
  const output = join(temporary, `${name}-converted`);
  expect(await run('convert', source, '--dtype', 'fp32', '-o', output)).toMatchObject({
    status: 0,
    errors: '',
  });
  const picture = makeImage(model.picture);
  const [before, after] = await Promise.all(
    [source, output].map(async (folder) => {
      const loaded = await load(folder, { labels });
      const answers = await loaded.classify(picture, { topK: labels.length });
      loaded.dispose();
      return answers;
    }),
  );
  expect(after).toEqual(before);
});

describe('int8', () => {
  it.each(models)('$name keeps the direction of its features', async (model) => {
    const expected = await readTensors(`open-clip/${model.name}/expected.safetensors`);
    const loaded = await load(await folderOf(model), { dtype: 'int8' });
    const features = await loaded.embed(makeImage(model.picture));
    expect(cosine(features, tensorOf(expected, 'image_features'))).toBeGreaterThan(0.98);
    loaded.dispose();
  });
});

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe('where the files are', () => {
  let server: TestServer | undefined;
  afterEach(() => server?.close());

  async function serve(folder: string, more: Answers = {}): Promise<string> {
    const answers: Answers = { ...more };
    const names = [
      'open_clip_config.json',
      'open_clip_model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ];
    for (const name of names)
      answers[`/timm/clip/resolve/main/${name}`] = whole(await readFile(join(folder, name)));
    server = await serveHttp(answers);
    return server.url;
  }

  it('is a repository without model.safetensors', async () => {
    const folder = await folderOf(clip);
    const host = await serve(folder);
    const labels = ['a cat', 'a dog'];
    const model = await load('timm/clip', { host, cache: false, labels });
    const local = await load(folder, { labels });
    const picture = makeImage(clip.picture);
    expect(await model.classify(picture)).toEqual(await local.classify(picture));
    for (const one of [model, local]) one.dispose();
  });

  it("is a repository with another library's files, by the address of open_clip's", async () => {
    const config = JSON.stringify({ architecture: 'vit_base_patch32_clip_224', num_classes: 0 });
    const host = await serve(await folderOf(clip), {
      '/timm/clip/resolve/main/config.json': whole(Buffer.from(config)),
    });
    const address = `${host}timm/clip/resolve/main/open_clip_model.safetensors`;
    const model = await load(address, { cache: false, labels: ['a cat', 'a dog'] });
    expect(model.info).toMatchObject({ modelType: 'open_clip', labels: ['a cat', 'a dog'] });
    model.dispose();
  });

  it('is a list of files', async () => {
    const folder = await folderOf(clip);
    const names = ['open_clip_config.json', 'open_clip_model.safetensors', 'tokenizer.json'];
    const files = await Promise.all(
      names.map(async (name) => new File([await readFile(join(folder, name))], name)),
    );
    const model = await load(files, { labels: ['a cat'] });
    expect(model.info).toMatchObject({ modelType: 'open_clip', labels: ['a cat'] });
    model.dispose();
  });
});

it("knows timm's towers whose projection stands apart", () => {
  const config = {
    model_type: 'open_clip',
    vision_config: { architecture: 'vit_medium_patch16_gap_256' },
    text_config: { model_type: 'clip_text_model' },
  };
  const names = ['visual.trunk.blocks.0.attn.qkv.weight', 'visual.head.proj.weight', 'text.ln_final.bias'];
  const { slots, surplus } = mapNames(names, 'the file', familiesFor(config, 'the config'));
  expect(Object.fromEntries(slots)).toEqual({
    'visual.trunk.blocks.0.attn.qkv.weight': {
      slots: ['q', 'k', 'v'].map((one) => `blocks.0.attn.${one}.weight`),
    },
    'visual.head.proj.weight': { slots: ['joint_proj.weight'] },
  });
  expect(surplus.size).toBe(0);
});

describe('refused is', () => {
  interface Written {
    model_cfg: { vision_cfg: object; text_cfg: object };
    preprocess_cfg: object;
  }

  async function refusalOf(change: (config: Written) => object): Promise<unknown> {
    const config = await readJson<Written>('open-clip/clip/open_clip_config.json');
    const weights = await readFile(new URL('open-clip/clip/open_clip_model.safetensors', fixtures));
    const changed = new File([JSON.stringify({ ...config, ...change(config) })], 'open_clip_config.json');
    return await failureOf(load([changed, new File([weights], 'open_clip_model.safetensors')]));
  }

  it.each([
    ['CoCa', { multimodal_cfg: {} }, {}, {}, 'generates captions'],
    ['a ResNet', {}, { layers: [3, 4, 6, 3] }, {}, 'is a convolutional network'],
    ['CLIPA', {}, { no_ln_pre: true }, {}, 'has no norm before its blocks'],
    ['an average', {}, { pool_type: 'avg' }, {}, 'averages its patches'],
    ['qk_norm', {}, { qk_norm: true }, {}, 'has its own kind of encoder block (qk_norm)'],
    [
      'XLM-RoBERTa',
      {},
      {},
      { hf_model_name: 'xlm-roberta-base' },
      'has a text encoder of another kind (xlm-roberta-base)',
    ],
    ['a class token', {}, {}, { embed_cls: true }, 'adds a class token to texts'],
    ['another end', {}, {}, { pool_type: 'eos' }, 'masks or pools texts in an unusual way'],
    ['CLIPS', {}, {}, { tokenizer_mode: 'clips' }, 'needs the tokenizer mode "clips"'],
    ['MobileCLIP', {}, { timm_model_name: 'vit_base_mci_224' }, {}, 'begins with a convolutional network'],
    ['MobileCLIP-S', {}, { timm_model_name: 'fastvit_mci0' }, {}, 'is a convolutional network'],
    ['ConvNeXt', {}, { timm_model_name: 'convnext_base' }, {}, 'is a convolutional network'],
    [
      'relative positions',
      {},
      { timm_model_name: 'vit_relpos_base_patch16_224' },
      {},
      "which vit-wasm reads from timm's own files alone",
    ],
    [
      'the gigantic Perception Encoder',
      {},
      { timm_model_name: 'vit_pe_core_gigantic_patch14_448' },
      {},
      '(load the vit_pe_core_large_patch14_336 instead)',
    ],
    [
      'an MLP',
      {},
      { timm_model_name: 'vit_base_patch16_224', timm_proj: 'mlp' },
      {},
      'projects images through an MLP',
    ],
  ])('%s', async (_, model, vision, text, says) => {
    const failure = refusalOf(({ model_cfg: { vision_cfg, text_cfg } }) => ({
      model_cfg: { ...model, vision_cfg: { ...vision_cfg, ...vision }, text_cfg: { ...text_cfg, ...text } },
    }));
    expect(await failure).toMatchObject({
      code: 'unsupported-model',
      message: expect.stringContaining(says),
    });
  });

  it('pictures that are padded', async () => {
    expect(await refusalOf(() => ({ preprocess_cfg: { resize_mode: 'longest' } }))).toMatchObject({
      code: 'unsupported-model',
      message: expect.stringContaining('pads pictures (resize_mode "longest")'),
    });
  });

  it('a configuration without towers', async () => {
    expect(await refusalOf(() => ({ model_cfg: {} }))).toMatchObject({
      code: 'config',
      message: expect.stringContaining('has no vision_cfg'),
    });
  });
});
