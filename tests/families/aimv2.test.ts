// AIMv2 by the names of its authors' files, and what of it is refused.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { load } from 'vit-wasm';

import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { fixtures } from '../golden/fixtures.js';
import { failureOf, picture, safetensors, type Tensor } from '../web/tiny-checkpoint.js';

const folder = new URL('families/aimv2/', fixtures);
const json = async (name: string) => JSON.parse(await readFile(new URL(name, folder), 'utf8')) as object;
const [config, preprocessor] = await Promise.all(['config.json', 'preprocessor_config.json'].map(json));

async function tensorsOf(): Promise<Tensor[]> {
  const file = new Uint8Array(await readFile(new URL('model.safetensors', folder)));
  const data = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  return parseHeader(file.subarray(8, data), 'model.safetensors').map((tensor) => ({
    ...tensor,
    shape: [...tensor.shape],
    data: file.subarray(data + tensor.begin, data + tensor.end),
  }));
}

/** transformers' names and the authors'. */
const names: readonly (readonly [string, string])[] = [
  ['embeddings.patch_embed.', 'preprocessor.patchifier.proj.'],
  ['embeddings.rms_norm.', 'preprocessor.patchifier.norm.'],
  ['embeddings.position_embedding.weight', 'preprocessor.pos_embed'],
  ['encoder.layers.', 'trunk.blocks.'],
  ['.attention.out_proj.', '.attn.proj.'],
  ['.rms_norm1.', '.norm_1.'],
  ['.rms_norm2.', '.norm_2.'],
  ['.ffn.gate_proj.', '.mlp.fc1.'],
  ['.ffn.up_proj.', '.mlp.fc3.'],
  ['.ffn.down_proj.', '.mlp.fc2.'],
];

function respelled(tensors: readonly Tensor[]): Tensor[] {
  return tensors.flatMap((tensor) => {
    if (/\.[kv]_proj\./.test(tensor.name)) return [];
    const name = names.reduce((text, [one, other]) => text.replace(one, other), tensor.name);
    if (name === 'rms_norm.weight') return [{ ...tensor, name: 'trunk.post_trunk_norm.weight' }];
    if (name === 'preprocessor.pos_embed') return [{ ...tensor, name, shape: [1, ...tensor.shape] }];
    if (!name.includes('.q_proj.')) return [{ ...tensor, name }];
    const parts = ['q', 'k', 'v'].map((letter) => {
      const found = tensors.find(
        (other) => other.name === tensor.name.replace('.q_proj.', `.${letter}_proj.`),
      );
      if (!found) throw new Error(`There is no ${letter} beside ${tensor.name}.`);
      return found.data;
    });
    const [rows, ...columns] = tensor.shape;
    const fused = name.replace('.attention.q_proj.', '.attn.qkv.');
    return [
      { ...tensor, name: fused, shape: [3 * rows, ...columns], data: new Uint8Array(Buffer.concat(parts)) },
    ];
  });
}

const tokensOf = async (weights: Uint8Array, changes: object = {}) => {
  const model = await load({ weights, config: { ...config, ...changes }, preprocessor });
  const { data } = await model.tokens(picture).finally(() => model.dispose());
  return data;
};

describe('AIMv2', () => {
  it("gives the same by its authors' names", async () => {
    const tensors = await tensorsOf();
    const authors = respelled(tensors);
    expect(authors.map(({ name }) => name).filter((name) => /embeddings|encoder|_proj/.test(name))).toEqual(
      [],
    );
    expect(await tokensOf(safetensors(authors), { model_type: 'aimv2' })).toEqual(
      await tokensOf(safetensors(tensors)),
    );
  });

  it.each([['positions of any size', { is_native: true }, 'load the AIMv2 of a fixed size instead']])(
    'is refused with %s',
    async (_, changes, says) => {
      expect(await failureOf(tokensOf(safetensors(await tensorsOf()), changes))).toMatchObject({
        code: 'unsupported-model',
        message: expect.stringContaining(says),
      });
    },
  );

  it('is refused with a text tower, by the names that such files have', async () => {
    const towers = (await tensorsOf()).flatMap((tensor) => [
      { ...tensor, name: `vision_model.${tensor.name}` },
      ...(tensor.name.startsWith('embeddings.') ? [] : [{ ...tensor, name: `text_model.${tensor.name}` }]),
    ]);
    const weights = safetensors([...towers, { ...towers[0], name: 'visual_projection.weight' }]);
    const both = { model_type: 'aimv2', vision_config: config, text_config: {}, projection_dim: 8 };
    const failure = failureOf(load({ weights, config: both, preprocessor }));
    expect(await failure).toMatchObject({
      code: 'unsupported-model',
      message: expect.stringMatching(
        /^config\.json has a text tower .*; load an AIMv2 without one instead, such as "apple\/aimv2-large-patch14-224"\.$/,
      ),
    });
  });
});
