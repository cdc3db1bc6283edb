// Files that are made to take time or memory: refused within a second and within 64 MB beyond their own size, and one
// that is as large as it may be is loaded, with an abort heard on the way. Each in a process of its own, through the
// built package, because a process's memory never shrinks.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { frame, safetensors, tinyConfig, tinyTensors, type Tensor } from '../web/tiny-checkpoint.js';
import { makeZip } from '../formats/archives.js';

const [mostMilliseconds, mostBytes] = [1000, 64e6];

/** Loads a good model first, then the case; says what came of it, how long it took and how much memory. */
const program = `
const { load } = await import(${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)});
const [good, bad, abortAfter] = process.argv.slice(1);
(await load(good)).dispose();
const peak = () => process.resourceUsage().maxRSS * 1024;
const before = peak();
const start = performance.now();
const signal = abortAfter ? AbortSignal.timeout(Number(abortAfter)) : undefined;
const outcome = await load(bad, { signal }).then(
  (model) => ({ layers: model.info.layers }),
  ({ name, code, message }) => ({ name, code, message: message.slice(0, 2000) }),
);
console.log(JSON.stringify({ ...outcome, milliseconds: performance.now() - start, bytes: peak() - before }));
`;

interface Outcome {
  readonly name?: string;
  readonly code?: string | number;
  readonly message?: string;
  readonly layers?: number;
  readonly milliseconds: number;
  readonly bytes: number;
}

let folder: string;
let count = 0;

/** Writes a model and loads it in a process of its own. */
async function outcomeOf(files: Record<string, Uint8Array | object>, abortAfter?: number): Promise<Outcome> {
  const model = join(folder, String(count++));
  await mkdir(model);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(model, name), content instanceof Uint8Array ? content : JSON.stringify(content));
  }
  const archive = Object.keys(files).find((name) => name.endsWith('.zip'));
  const args = [
    join(folder, 'good'),
    archive ? join(model, archive) : model,
    ...(abortAfter ? [String(abortAfter)] : []),
  ];
  const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', program, ...args]);
  let [out, errors] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  if (!out) throw new Error(`The process said nothing but ${errors}`);
  return JSON.parse(out) as Outcome;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vit-wasm-limits-'));
  await mkdir(join(folder, 'good'));
  await writeFile(join(folder, 'good', 'config.json'), JSON.stringify(tinyConfig));
  await writeFile(join(folder, 'good', 'model.safetensors'), safetensors(tinyTensors()));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (content: string) => new TextEncoder().encode(content);
const whole = safetensors(tinyTensors());

/** A header of so many tensors with nothing in them. */
function emptyTensors(tensors: number): Uint8Array {
  const entry = (_: unknown, i: number) => `"t${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`;
  return frame(`{${Array.from({ length: tensors }, entry).join(',')}}`);
}

/** A ViT of width 1. */
function narrow(layers: number): { config: object; tensors: Tensor[] } {
  const shapes: [string, number[]][] = [
    ['vit.embeddings.cls_token', [1, 1, 1]],
    ['vit.embeddings.position_embeddings', [1, 2, 1]],
    ['vit.embeddings.patch_embeddings.projection.weight', [1, 3, 1, 1]],
    ['vit.embeddings.patch_embeddings.projection.bias', [1]],
    ['vit.layernorm.weight', [1]],
    ['vit.layernorm.bias', [1]],
    ['classifier.weight', [3, 1]],
    ['classifier.bias', [3]],
  ];
  for (let i = 0; i < layers; i++) {
    for (const part of ['layernorm_before', 'layernorm_after']) {
      shapes.push(
        [`vit.encoder.layer.${i}.${part}.weight`, [1]],
        [`vit.encoder.layer.${i}.${part}.bias`, [1]],
      );
    }
    for (const part of [
      'attention.attention.query',
      'attention.attention.key',
      'attention.attention.value',
      'attention.output.dense',
      'intermediate.dense',
      'output.dense',
    ]) {
      shapes.push(
        [`vit.encoder.layer.${i}.${part}.weight`, [1, 1]],
        [`vit.encoder.layer.${i}.${part}.bias`, [1]],
      );
    }
  }
  const tensors = shapes.map(([name, shape]) => {
    const data = new Uint8Array(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.5).buffer,
    );
    return { name, shape, dtype: 'F32', data };
  });
  const sizes = {
    hidden_size: 1,
    num_attention_heads: 1,
    intermediate_size: 1,
    image_size: 1,
    patch_size: 1,
  };
  return { config: { ...tinyConfig, ...sizes, num_hidden_layers: layers }, tensors };
}

function narrowFiles(layers: number, last = 0.5): Record<string, Uint8Array | object> {
  const { config, tensors } = narrow(layers);
  const weights = safetensors(tensors);
  new DataView(weights.buffer).setFloat32(weights.length - 4, last, true);
  return { 'config.json': config, 'model.safetensors': weights };
}

/** timm's relative positions, whose biases a network of that width computes, for images of height × width, in patches as
 * wide as a pixel. */
function relpos(
  architecture: string,
  [height, width, patch]: readonly [number, number, number],
  inner: number,
) {
  const shared = architecture.startsWith('vit_srelpos') ? 'shared_rel_pos' : 'blocks.0.attn.rel_pos';
  const shapes: [string, number[]][] = [
    ['patch_embed.proj.weight', [4, 3, patch, 1]],
    ['patch_embed.proj.bias', [4]],
    ['blocks.0.attn.qkv.weight', [12, 4]],
    ['blocks.0.attn.proj.weight', [4, 4]],
    ['blocks.0.attn.proj.bias', [4]],
    ['blocks.0.mlp.fc1.weight', [4, 4]],
    ['blocks.0.mlp.fc1.bias', [4]],
    ['blocks.0.mlp.fc2.weight', [4, 4]],
    ['blocks.0.mlp.fc2.bias', [4]],
    [`${shared}.mlp.fc1.weight`, [inner, 2]],
    [`${shared}.mlp.fc1.bias`, [inner]],
    [`${shared}.mlp.fc2.weight`, [1, inner]],
    [`${shared}.mlp.fc2.bias`, [1]],
    ['head.weight', [3, 4]],
    ['head.bias', [3]],
    ...['blocks.0.norm1', 'blocks.0.norm2', 'fc_norm'].flatMap((norm): [string, number[]][] => [
      [`${norm}.weight`, [4]],
      [`${norm}.bias`, [4]],
    ]),
  ];
  const tensors = shapes.map(([name, shape]) => ({
    name,
    shape,
    dtype: 'F32',
    data: new Uint8Array(4 * shape.reduce((a, b) => a * b)),
  }));
  const config = {
    architecture,
    num_classes: 3,
    global_pool: 'avg',
    model_args: { num_heads: 1 },
    pretrained_cfg: { input_size: [3, height, width], mean: [0, 0, 0], std: [1, 1, 1], crop_mode: 'squash' },
  };
  return { 'config.json': config, 'model.safetensors': safetensors(tensors) };
}

const manyFiles = (files: number) =>
  makeZip(
    Array.from({ length: files }, (_, i) => ({ name: `${i}`, data: new Uint8Array() })),
    { zip64: true },
  );
const nested = (depth: number) => text(`{"hidden_act":${'['.repeat(depth)}${']'.repeat(depth)}}`);
const sized = (change: object) => ({
  'config.json': { ...tinyConfig, ...change },
  'model.safetensors': whole,
});

const hostile: [
  name: string,
  files: () => Record<string, Uint8Array | object>,
  code: string,
  says: string,
][] = [
  [
    'a header of a million tensors',
    () => ({ 'config.json': tinyConfig, 'model.safetensors': emptyTensors(1_000_000) }),
    'not-safetensors',
    'its header declares',
  ],
  [
    'a header of 100,000 tensors',
    () => ({ 'config.json': tinyConfig, 'model.safetensors': emptyTensors(100_000) }),
    'not-safetensors',
    '100,000 tensors, and at most 20,000 are read',
  ],
  [
    'a header of 20,000 tensors that are none of a ViT',
    () => ({ 'config.json': tinyConfig, 'model.safetensors': emptyTensors(20_000) }),
    'unsupported-model',
    'no tensors of a Vision Transformer',
  ],
  [
    'a header of eight million brackets',
    () => ({ 'config.json': tinyConfig, 'model.safetensors': frame(`{"a":${'['.repeat(7e6)}`) }),
    'not-safetensors',
    'values, and at most 250,000 are read',
  ],
  [
    'a header with a name of 7,900,000 characters',
    () => ({ 'config.json': tinyConfig, 'model.safetensors': frame(`{"${'x'.repeat(7.9e6)}":1}`) }),
    'not-safetensors',
    'is not described by an object',
  ],
  [
    'a header of eight million escapes',
    () => ({ 'config.json': tinyConfig, 'model.safetensors': frame(`{"${'\\\\'.repeat(3.9e6)}":1}`) }),
    'not-safetensors',
    'is not described by an object',
  ],
  [
    '4,000 layers of width 1',
    () => narrowFiles(4000),
    'not-safetensors',
    'tensors, and at most 20,000 are read',
  ],
  [
    '65,536 layers of 24 KB',
    () => sized({ num_hidden_layers: 65_536 }),
    'config',
    'number of layers is 65536',
  ],
  ['1,000 layers of width 1', () => narrowFiles(1000), 'config', 'number of layers is 1000'],
  ['256 layers of 24 KB', () => sized({ num_hidden_layers: 256 }), 'tensors', 'more like these'],
  [
    '256 layers of width 1, the last weight of which is NaN',
    () => narrowFiles(256, NaN),
    'tensors',
    'infinite or not a number',
  ],
  ['a width of 16,384 in 24 KB', () => sized({ hidden_size: 16_384 }), 'tensors', 'more like these'],
  [
    'pictures of 8,192 pixels',
    () => sized({ image_size: 8192, patch_size: 64 }),
    'tensors',
    'but the configuration asks for [1, 16385, 8]',
  ],
  [
    '2,147,483,647 classes',
    () => {
      const headless = tinyTensors().filter(({ name }) => !name.startsWith('classifier'));
      const config = {
        ...tinyConfig,
        id2label: null,
        num_labels: 2 ** 31 - 1,
        architectures: ['ViTForImageClassification'],
      };
      return { 'config.json': config, 'model.safetensors': safetensors(headless) };
    },
    'config',
    '2,147,483,647 classes, and at most 65,536 are read',
  ],
  [
    'a hidden_act of 7 MB',
    () => sized({ hidden_act: 'g'.repeat(7e6) }),
    'config',
    'asks for hidden_act "ggg',
  ],
  [
    'a hidden_act of 30 MB',
    () => sized({ hidden_act: 'g'.repeat(30e6) }),
    'too-large',
    'at most 8,000,000 are allowed',
  ],
  [
    'a config.json that nests 100,000 deep',
    () => ({ 'config.json': nested(100_000), 'model.safetensors': whole }),
    'config',
    'values within values, and at most 100 are read',
  ],
  [
    'a config.json of three million brackets',
    () => ({ 'config.json': text(`{"a":[${'[],'.repeat(2e6)}0]}`), 'model.safetensors': whole }),
    'config',
    'values, and at most 250,000 are read',
  ],
  [
    'relative positions of 65,536 patches by a network of 65,536',
    () => relpos('vit_srelpos_small_patch16_224', [256, 256, 1], 65_536),
    'config',
    'relative positions would take too long to compute',
  ],
  [
    'a zip of 150,000 files',
    () => ({
      'model.zip': manyFiles(150_000),
    }),
    'malformed-archive',
    'its directory declares',
  ],
  [
    'a zip of 50,000 files',
    () => ({
      'model.zip': manyFiles(50_000),
    }),
    'malformed-archive',
    '50,000 files in it, and at most 5,000 are read',
  ],
  [
    'an index of 3,000 files of weights',
    () => ({
      'config.json': tinyConfig,
      'model.safetensors.index.json': {
        weight_map: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`t${i}`, `${i}.safetensors`])),
      },
    }),
    'not-safetensors',
    '3,000 files of weights, and at most 100 are read',
  ],
];

describe('refused within a second and 64 MB', () => {
  it.each(hostile)('%s', async (_, make, code, says) => {
    const files = make();
    const size = Object.values(files).reduce(
      (sum, file) => sum + (file instanceof Uint8Array ? file.length : JSON.stringify(file).length),
      0,
    );
    const { milliseconds, bytes, ...error } = await outcomeOf(files);
    expect(error).toMatchObject({ name: 'VitError', code, message: expect.stringContaining(says) });
    expect(error.message?.length).toBeLessThanOrEqual(1500);
    expect(milliseconds).toBeLessThan(mostMilliseconds);
    expect(bytes - size).toBeLessThan(mostBytes);
  });
});

it('relative positions of 2,048 patches in a row are computed within 64 MB', async () => {
  // Of a whole row at once, the network's values would take 1.1 GB.
  const files = relpos('vit_relpos_small_patch16_224', [256, 2048, 256], 65_536);
  const { layers, message, bytes } = await outcomeOf(files);
  expect({ layers, message }).toEqual({ layers: 1, message: undefined });
  expect(bytes).toBeLessThan(mostBytes);
});

describe('as many layers as there may be', () => {
  it('are loaded within a second', async () => {
    const { layers, milliseconds } = await outcomeOf(narrowFiles(256));
    expect(layers).toBe(256);
    expect(milliseconds).toBeLessThan(mostMilliseconds);
  });

  it('are given up soon after an abort', async () => {
    const { name, milliseconds } = await outcomeOf(narrowFiles(256), 30);
    expect(name).toBe('TimeoutError');
    expect(milliseconds).toBeLessThan(500);
  });
});
