// DeiT-Tiny's real weights as timm and torchvision would have saved them, against Hugging Face's file and timm itself.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { fillFrom } from '../golden/models.js';
import { createEngine, variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { deitTiny, readJson, readTensors, shared, sharedIsThere, tensorOf } from '../golden/fixtures.js';
import { noiseTensor } from '../golden/noise.js';
import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import type { Variant } from '../../web/types.js';
import { safetensors, type Tensor } from '../web/tiny-checkpoint.js';

if (sharedIsThere) describe('DeiT-Tiny', testSpellings);
else
  it(`NOT TESTED: DeiT-Tiny, because ${fileURLToPath(shared)} is absent`, () =>
    expect(sharedIsThere).toBe(false));

/** Hugging Face's name of a tensor, then timm's and torchvision's, all without what precedes them. */
const names = [
  ['embeddings.cls_token', 'cls_token', 'class_token'],
  ['embeddings.position_embeddings', 'pos_embed', 'encoder.pos_embedding'],
  ['embeddings.patch_embeddings.projection.', 'patch_embed.proj.', 'conv_proj.'],
  ['layernorm.', 'norm.', 'encoder.ln.'],
  ['classifier.', 'head.', 'heads.head.'],
];

const blockNames = [
  ['layernorm_before.', 'norm1.', 'ln_1.'],
  ['attention.output.dense.', 'attn.proj.', 'self_attention.out_proj.'],
  ['layernorm_after.', 'norm2.', 'ln_2.'],
  ['intermediate.dense.', 'mlp.fc1.', 'mlp.0.'],
  ['output.dense.', 'mlp.fc2.', 'mlp.3.'],
];

const libraries = { timm: 1, torchvision: 2 } as const;
type Library = keyof typeof libraries;

const blockPrefix: Record<Library, (block: string) => string> = {
  timm: (block) => `blocks.${block}.`,
  torchvision: (block) => `encoder.layers.encoder_layer_${block}.`,
};

function renamed(name: string, library: Library): string {
  const bare = name.replace(/^vit\./, '');
  const [, block, rest] = /^encoder\.layer\.(\d+)\.(.*)$/.exec(bare) ?? [];
  const table = block === undefined ? names : blockNames;
  const old = block === undefined ? bare : rest;
  const row = table.find(([first]) => old.startsWith(first));
  if (!row) throw new Error(`${name} has no name in ${library}.`);
  return (
    (block === undefined ? '' : blockPrefix[library](block)) + old.replace(row[0], row[libraries[library]])
  );
}

function fusedName(block: string, part: string, library: Library): string {
  const name = library === 'timm' ? `attn.qkv.${part}` : `self_attention.in_proj_${part}`;
  return blockPrefix[library](block) + name;
}

/** The tensors by a library's names: queries, keys and values of a block are one, in this order. */
function respell(tensors: readonly Tensor[], library: Library): Tensor[] {
  const apart = /^vit\.encoder\.layer\.(\d+)\.attention\.attention\.query\.(weight|bias)$/;
  return tensors.flatMap((tensor) => {
    if (/\.(key|value)\.(weight|bias)$/.test(tensor.name)) return [];
    const [, block, part] = apart.exec(tensor.name) ?? [];
    if (block === undefined) return [{ ...tensor, name: renamed(tensor.name, library) }];
    const three = ['query', 'key', 'value'].map((kind) => {
      const found = tensors.find(({ name }) => name === tensor.name.replace('query', kind));
      if (!found) throw new Error(`${tensor.name} has no ${kind}.`);
      return found;
    });
    const shape = [3 * tensor.shape[0], ...tensor.shape.slice(1)];
    const data = new Uint8Array(Buffer.concat(three.map(({ data: bytes }) => bytes)));
    return [{ name: fusedName(block, part, library), dtype: tensor.dtype, shape, data }];
  });
}

function testSpellings(): void {
  it.each(variants)('gives the same logits by every spelling (%s)', async (variant) => {
    const { fixedSeed } = await readJson<{ fixedSeed: number }>('deit-tiny.json');
    const pixelValues = noiseTensor(fixedSeed, 3 * 224 * 224);
    const reference = await readTensors('deit-tiny.safetensors');
    const file = new Uint8Array(await readFile(new URL('model.safetensors', deitTiny)));
    const data = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    const tensors = parseHeader(file.subarray(8, data), 'model.safetensors').map((tensor) => ({
      ...tensor,
      shape: [...tensor.shape],
      data: file.subarray(data + tensor.begin, data + tensor.end),
    }));
    const config = JSON.parse(await readFile(new URL('config.json', deitTiny), 'utf8')) as object;

    const asTransformers = await logitsOf(variant, file, config, pixelValues);
    expectClose(asTransformers, tensorOf(reference, 'fixed'), 1e-4, 'transformers');

    const equalEps = await logitsOf(variant, file, { ...config, layer_norm_eps: 1e-6 }, pixelValues);
    for (const library of ['timm', 'torchvision'] as const) {
      const weights = safetensors(respell(tensors, library));
      const asLibrary =
        library === 'timm' ? { architecture: 'deit_tiny_patch16_224', num_classes: 1000 } : {};
      const logits = await logitsOf(variant, weights, asLibrary, pixelValues);
      expectClose(logits, equalEps, 1e-5, `${library} beside transformers at equal epsilon`);
      expectClose(logits, tensorOf(reference, 'fixed, timm'), 1e-4, library);
    }
  });
}

async function logitsOf(
  variant: Variant,
  weights: Uint8Array,
  config: object,
  pixelValues: Float32Array,
): Promise<Float32Array> {
  const engine = await createEngine(variant);
  await fillFrom(engine, 'DeiT-Tiny', {
    'model.safetensors': weights,
    'config.json': new TextEncoder().encode(JSON.stringify(config)),
  });
  engine.setPixelValues(pixelValues);
  engine.forward();
  const logits = engine.logits();
  engine.dispose();
  return logits;
}
