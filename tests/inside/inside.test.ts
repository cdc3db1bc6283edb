// What can be seen inside a model, through the public door, against transformers.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load, type Model, type RawImage } from 'vit-wasm';

import { expectClose } from '../expect-close.js';
import { familyFolder, familyModels } from '../golden/families.js';
import { fixtures, readJson, readTensors, tensorOf } from '../golden/fixtures.js';
import { makeImage, type ImageDescription } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';

/** How each model's head sees its tokens, and how many precede the patches; those of timm by their own names. */
const models: Readonly<Record<string, { mean: boolean; prefix: number }>> = {
  vit: { mean: false, prefix: 1 },
  'vit-multi-label': { mean: false, prefix: 1 },
  'i-jepa': { mean: true, prefix: 0 },
  'deit-distilled': { mean: false, prefix: 2 },
  dinov2: { mean: false, prefix: 1 },
  'dinov2-registers': { mean: false, prefix: 4 },
  clip: { mean: true, prefix: 1 },
  siglip: { mean: true, prefix: 0 },
  'dinov3-head': { mean: false, prefix: 4 },
  beit: { mean: true, prefix: 1 },
  'beit-5': { mean: false, prefix: 1 },
  'timm-class-token': { mean: false, prefix: 1 },
  'timm-eva02-small': { mean: true, prefix: 1 },
  'timm-eva02-base': { mean: true, prefix: 1 },
  'timm-eva02-clip': { mean: false, prefix: 1 },
  'timm-relpos': { mean: true, prefix: 0 },
  'timm-relpos-shared': { mean: true, prefix: 0 },
  'timm-relpos-norms-after': { mean: true, prefix: 0 },
  'timm-rope-mixed': { mean: false, prefix: 1 },
  'timm-parallel': { mean: true, prefix: 1 },
  'timm-parallel-rms': { mean: false, prefix: 1 },
  'timm-aimv2': { mean: true, prefix: 0 },
};

const timmModels = await readJson<{ name: string; picture: ImageDescription }[]>('timm.json');

/** Where such a model is, and the picture that it was shown. */
function subject(name: string): { folder: URL; picture: RawImage } {
  if (name.startsWith('timm-')) {
    const timm = timmModels.find((one) => `timm-${one.name}` === name);
    if (!timm) throw new Error(`no model ${name}`);
    return { folder: new URL(`timm/${timm.name}/`, fixtures), picture: makeImage(timm.picture) };
  }
  const family = familyModels.find((one) => one.name === name);
  if (!family) throw new Error(`no family ${name}`);
  return { folder: familyFolder(family), picture: makeImage(family.cases[0].picture) };
}
const cases = Object.entries(models).flatMap(([name, model]) =>
  (['relaxed', 'simd'] as const).map((variant) => ({ name, variant, ...model })),
);

describe.each(cases)('$name ($variant)', ({ name, variant, mean, prefix }) => {
  let model: Model;
  let picture: RawImage;
  let attentions: Float32Array;
  let states: Float32Array;
  let lens: Float32Array;
  let tokens: number;
  let expected: Awaited<ReturnType<typeof readTensors>>;

  beforeAll(async () => {
    const { folder, picture: shown } = subject(name);
    model = await load(fileURLToPath(folder), { variant });
    picture = shown;
    expected = await readTensors(`inside/${name}.safetensors`);
    [attentions, states, lens] = ['attentions', 'hidden_states', 'lens'].map((tensor) =>
      tensorOf(expected, tensor),
    );
    tokens = states.length / model.info.layers / model.info.hidden;
  });
  afterAll(() => model.dispose());

  /** transformers' weights [tokens × tokens] of a head, or their mean. */
  const weightsOf = (layer: number, head?: number) => {
    const { heads } = model.info;
    const square = tokens * tokens;
    const of = (one: number) =>
      attentions.subarray((layer * heads + one) * square, (layer * heads + one + 1) * square);
    if (head !== undefined) return Float64Array.from(of(head));
    return Float64Array.from({ length: square }, (_, at) => {
      let sum = 0;
      for (let one = 0; one < heads; one++) sum += of(one)[at];
      return sum / heads;
    });
  };

  /** The row of the class token, or the mean of the patches' rows, without the prefix tokens' columns. */
  const readOf = (weights: Float64Array) => {
    const rows = mean ? [...Array(tokens).keys()].slice(prefix) : [0];
    return Float32Array.from({ length: tokens - prefix }, (_, patch) => {
      const sum = rows.reduce((total, row) => total + weights[row * tokens + prefix + patch], 0);
      return sum / rows.length;
    });
  };

  it('gives the attention weights of output_attentions', async () => {
    for (let layer = 0; layer < model.info.layers; layer++) {
      for (const head of [undefined, 0, model.info.heads - 1]) {
        const { data, rows, columns } = await model.attention(picture, { layer, head });
        expect(rows * columns).toBe(data.length);
        expectClose(data, readOf(weightsOf(layer, head)), 1e-5, `layer ${layer}, head ${head}`);
      }
    }
    const last = await model.attention(picture);
    expect(await model.attention(picture, { layer: model.info.layers - 1 })).toEqual(last);
  });

  it('rolls attention out', async () => {
    let product = Float64Array.from({ length: tokens * tokens }, (_, at) => Number(at % (tokens + 1) === 0));
    for (let layer = 0; layer < model.info.layers; layer++) {
      const weights = weightsOf(layer);
      const next = new Float64Array(product.length);
      for (let row = 0; row < tokens; row++) {
        for (let between = 0; between < tokens; between++) {
          const factor = (weights[row * tokens + between] + Number(row === between)) / 2;
          for (let column = 0; column < tokens; column++) {
            next[row * tokens + column] += factor * product[between * tokens + column];
          }
        }
      }
      product = next;
      const { data } = await model.attention(picture, { layer, rollout: true });
      expectClose(data, readOf(product), 1e-5, `rollout to layer ${layer}`);
    }
  });

  it('gives the hidden states of any layer', async () => {
    const { layers, hidden } = model.info;
    for (let layer = 0; layer < layers; layer++) {
      const { data, ...shape } = await model.tokens(picture, { layer: layer - layers });
      const { rows, columns } = await model.attention(picture);
      expect(shape).toEqual({ tokens, hidden, rows, columns, prefix });
      const expected = states.subarray(layer * tokens * hidden, (layer + 1) * tokens * hidden);
      expectClose(data, expected, 2e-5, `layer ${layer}`);
    }
    expect(await model.tokens(picture, { layer: -1, norm: true })).toEqual(await model.tokens(picture));
  });

  it('gives what each layer would answer', async () => {
    const { layers, classes } = model.info;
    const answers = await model.logitLens(picture, { topK: classes, patches: true });
    const { data } = await model.attention(picture);
    expect(answers.map(({ layer }) => layer)).toEqual([...Array(layers).keys()]);
    for (const { layer, predictions, patches } of answers) {
      const probabilities = new Float32Array(classes);
      for (const { index, probability } of predictions) probabilities[index] = probability;
      expectClose(
        probabilities,
        lens.subarray(layer * classes, (layer + 1) * classes),
        1e-5,
        `layer ${layer}`,
      );
      expect(patches).toHaveLength(data.length);
    }
    expect(answers.at(-1)?.predictions).toEqual(await model.classify(picture, { topK: classes }));
    expect((await model.logitLens(picture))[0].patches).toBeUndefined();
  });

  it('explains classes differently', async () => {
    const [one, other] = [await model.explain(picture, 0), await model.explain(picture, 1)];
    expect(one).not.toEqual(other);
    expect(one.data.every(Number.isFinite)).toBe(true);
    expect(one.box).toEqual((await model.attention(picture)).box);
  });
});

const explained = ['timm-class-token', 'timm-eva02-clip', 'timm-rope-mixed', 'timm-parallel-rms'];

describe.each(explained)('explain of %s', (name) => {
  const { folder, picture } = subject(name);
  const maps = async (dtype: 'fp32' | 'int8') => {
    const model = await load(fileURLToPath(folder), { dtype });
    const all = [];
    for (let label = 0; label < model.info.classes; label++)
      all.push((await model.explain(picture, label)).data);
    model.dispose();
    return all.flatMap((map) => [...map]);
  };

  it('is what the head reads of the last attention, as autograd sees it', async () => {
    const expected = tensorOf(await readTensors(`inside/${name}.safetensors`), 'explain');
    expectClose(Float32Array.from(await maps('fp32')), expected, 1e-5, name);
  });

  it('is nearly the same in int8', async () => {
    const expected = tensorOf(await readTensors(`inside/${name}.safetensors`), 'explain');
    expect(correlation(await maps('int8'), [...expected])).toBeGreaterThan(0.99);
  });
});

/** Pearson's. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const centered = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [x, y] = [centered(a), centered(b)];
  const dot = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, value, i) => sum + value * q[i], 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

describe('the box', () => {
  it('is where the crop lies in the picture, and moves with the region', async () => {
    const family = familyModels.find(({ name }) => name === 'clip'); // shortest edge to 20, then 16 × 16 in the middle
    if (!family) throw new Error('no such family');
    const model = await load(fileURLToPath(familyFolder(family)));
    const picture = makeImage({ kind: 'gradient', seed: 1, width: 80, height: 40 });
    // 80 × 40 → 40 × 20, of which 16 × 16 from (12, 2): twice as large in the picture.
    expect((await model.attention(picture)).box).toEqual({ x: 24, y: 4, width: 32, height: 32 });
    const region = { x: 30, y: 10, width: 20, height: 20 };
    expect((await model.explain(picture, 0, { region })).box).toEqual({
      x: 32,
      y: 12,
      width: 16,
      height: 16,
    });
    model.dispose();
  });
});

describe('classes in words', () => {
  it('are explained by CLIP', async () => {
    const [golden] = zeroShotModels;
    const clip = await load(zeroShotFolder(golden), { labels: golden.labels });
    const picture = makeImage(golden.picture);
    const maps = [];
    for (const label of clip.info.labels.slice(0, 2)) maps.push((await clip.explain(picture, label)).data);
    expect(maps[0]).not.toEqual(maps[1]);
    expect(maps.flatMap((map) => [...map]).every(Number.isFinite)).toBe(true);
    clip.dispose();
  });

  it("are explained by SigLIP through its pool's attention", async () => {
    const golden = zeroShotModels.find(({ name }) => name === 'siglip');
    if (!golden) throw new Error('no such model');
    const siglip = await load(zeroShotFolder(golden), { labels: golden.labels });
    const picture = makeImage(golden.picture);
    const maps = [];
    for (const label of golden.labels.keys()) maps.push(...(await siglip.explain(picture, label)).data);
    const expected = tensorOf(await readTensors('inside/siglip-words.safetensors'), 'explain');
    expectClose(Float32Array.from(maps), expected, 1e-5, 'the labels');
    siglip.dispose();
  });

  it('sum to nothing over all of them', async () => {
    const [golden] = zeroShotModels;
    const clip = await load(zeroShotFolder(golden), { labels: golden.labels });
    const picture = makeImage(golden.picture);
    const maps = [];
    for (const index of golden.labels.keys()) maps.push((await clip.explain(picture, index)).data);
    for (const patch of maps[0].keys()) {
      expect(Math.abs(maps.reduce((sum, map) => sum + map[patch], 0))).toBeLessThan(1e-4);
    }
    clip.dispose();
  });
});

describe('what is refused', () => {
  let model: Model;
  const picture = makeImage({ kind: 'gradient', seed: 1, width: 20, height: 20 });
  beforeAll(async () => {
    const family = familyModels.find(({ name }) => name === 'dinov2-model');
    if (!family) throw new Error('no such family');
    model = await load(fileURLToPath(familyFolder(family)));
  });
  afterAll(() => model.dispose());

  it.each([
    [
      () => model.attention(picture, { layer: 2 }),
      'layer is 2, but it should be a whole number from 0 to 1, or from -2 to -1 from the last.',
    ],
    [() => model.attention(picture, { layer: 0.5 }), 'layer is 0.5, but'],
    [() => model.attention(picture, { head: 2 }), 'head is 2, but it should be a whole number from 0 to 1.'],
    [
      () => model.attention(picture, { rollout: 1 as never }),
      'rollout is 1, but it should be true or false.',
    ],
    [() => model.tokens(picture, { layer: -3 }), 'layer is -3, but'],
    [() => model.tokens(picture, { norm: 'yes' as never }), 'norm is "yes", but'],
    [() => model.explain(picture, 'cat'), 'This model has no classification head'],
    [() => model.logitLens(picture), 'This model has no classification head'],
    [() => model.logitLens(picture, { topK: 0 }), 'topK is 0, but'],
    [() => model.attention(picture, { layers: 1 } as never), 'layers'],
  ])('%#', async (call, message) => {
    await expect(call()).rejects.toThrow(message);
    expect((await model.attention(picture)).data).toHaveLength(25);
  });

  it('of a class that the model does not know', async () => {
    const builtin = await load();
    await expect(builtin.explain(picture, 'no such thing')).rejects.toThrow(
      '"no such thing" is not a class of this model',
    );
    await expect(builtin.explain(picture, 200)).rejects.toThrow('200 is not a class of this model');
    builtin.dispose();
  });
});
