// What every family promises, asked of one tiny model of each: the command line inspects and converts it, it takes
// pictures of an odd size, and its damaged files are refused by name.
import { describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load, type LoadOptions } from 'vit-wasm';

import { families } from '../../web/checkpoint/families/all.js';
import { parseHeader } from '../../web/checkpoint/formats/safetensors.js';
import { at, inFolder, root, run } from '../cli/program.js';
import { fixtures } from '../golden/fixtures.js';
import { failureOf, picture, safetensors, type Tensor } from '../web/tiny-checkpoint.js';

inFolder();

interface Row {
  /** The golden model's folder. */
  folder: string;
  /** Pictures of another shape: height and width, a whole number of patches. */
  odd: [number, number];
  /** How many blocks of how wide tokens `inspect` has to report. */
  layers: number;
  hidden: number;
  /** What its row in docs/supported-models.md says. */
  row: string;
}

const rows: Row[] = [
  { folder: 'families/vit', odd: [12, 20], layers: 2, hidden: 16, row: 'Hugging Face ViT' },
  { folder: 'families/vit-mae', odd: [12, 20], layers: 2, hidden: 16, row: '"vit_mae"' },
  { folder: 'families/vit-msn', odd: [12, 20], layers: 2, hidden: 16, row: '"vit_msn"' },
  { folder: 'families/i-jepa', odd: [12, 20], layers: 2, hidden: 16, row: 'I-JEPA' },
  { folder: 'families/deit-distilled', odd: [12, 20], layers: 2, hidden: 16, row: 'DeiT, distilled' },
  { folder: 'families/dinov2', odd: [12, 28], layers: 2, hidden: 16, row: 'DINOv2' },
  {
    folder: 'families/dinov2-registers',
    odd: [12, 28],
    layers: 2,
    hidden: 16,
    row: '"dinov2_with_registers"',
  },
  { folder: 'families/dinov3-head', odd: [12, 28], layers: 2, hidden: 16, row: 'DINOv3' },
  { folder: 'families/beit', odd: [12, 20], layers: 2, hidden: 16, row: 'BEiT' },
  { folder: 'families/data2vec-vision', odd: [12, 20], layers: 2, hidden: 16, row: '"data2vec-vision"' },
  { folder: 'families/aimv2', odd: [12, 20], layers: 2, hidden: 16, row: 'AIMv2' },
  { folder: 'families/clip', odd: [12, 20], layers: 2, hidden: 16, row: 'CLIP' },
  { folder: 'families/siglip', odd: [12, 20], layers: 2, hidden: 16, row: 'SigLIP' },
  { folder: 'families/swin', odd: [18, 22], layers: 4, hidden: 16, row: 'Swin' },
  { folder: 'families/swinv2', odd: [18, 22], layers: 4, hidden: 16, row: '"swinv2"' },
  { folder: 'timm/class-token', odd: [12, 20], layers: 2, hidden: 16, row: '`vit_*`' },
  { folder: 'timm/distilled', odd: [12, 20], layers: 2, hidden: 16, row: '`deit_*` (distilled too)' },
  { folder: 'timm/dinov3', odd: [12, 20], layers: 2, hidden: 16, row: '`*_dinov3*`' },
  { folder: 'timm/eva02-base', odd: [12, 20], layers: 2, hidden: 16, row: '`eva02_*`' },
  { folder: 'timm/beit', odd: [12, 20], layers: 2, hidden: 16, row: '`beit_*`' },
  { folder: 'timm/rope-and-learned', odd: [20, 12], layers: 2, hidden: 16, row: 'RoPE-ViTs' },
  { folder: 'timm/relpos', odd: [12, 20], layers: 2, hidden: 16, row: '`vit_relpos_*`' },
  { folder: 'timm/relpos-shared', odd: [12, 20], layers: 2, hidden: 16, row: '`vit_srelpos_*`' },
  { folder: 'timm/norms-after', odd: [12, 20], layers: 2, hidden: 16, row: '`vit_*_rpn_*`' },
  { folder: 'timm/parallel', odd: [12, 20], layers: 2, hidden: 16, row: '`vit_pwee_*`' },
  { folder: 'timm/parallel-rms', odd: [12, 20], layers: 2, hidden: 16, row: '`vit_*_xp_*`' },
  { folder: 'timm/rope-mixed', odd: [12, 20], layers: 2, hidden: 16, row: '`vit_*_rope_mixed_*`' },
  { folder: 'timm/aimv2', odd: [12, 20], layers: 2, hidden: 16, row: '`aimv2_*`' },
  { folder: 'timm/perception-encoder-core', odd: [12, 20], layers: 2, hidden: 16, row: '`vit_pe_core_*`' },
  { folder: 'timm/swin', odd: [32, 32], layers: 4, hidden: 16, row: '`swin_*`' },
  { folder: 'timm/swinv2', odd: [32, 32], layers: 4, hidden: 16, row: '`swinv2_*`' },
  { folder: 'open-clip/clip', odd: [20, 12], layers: 2, hidden: 16, row: 'open_clip' },
  {
    folder: 'open-clip/perception-encoder',
    odd: [20, 12],
    layers: 1,
    hidden: 64,
    row: 'Perception Encoders but the gigantic one',
  },
  { folder: 'timm/torchvision', odd: [14, 42], layers: 1, hidden: 16, row: 'torchvision' },
];

const path = (folder: string) => fileURLToPath(new URL(`${folder}/`, fixtures));

/** What a model makes of a picture: its tokens. */
async function tokensOf(from: string, options: LoadOptions = {}): Promise<Float32Array> {
  const model = await load(from, options);
  const { data } = await model.tokens(picture).finally(() => model.dispose());
  return data;
}

const length = (values: Float32Array) => Math.hypot(...values);
const distance = (a: Float32Array, b: Float32Array) => length(a.map((value, i) => value - b[i])) / length(b);

/** The tensors of a folder, and how it is loaded with others. */
async function partsOf(folder: string) {
  const names = await readdir(path(folder));
  const read = async (file: string) => new Uint8Array(await readFile(new URL(`${folder}/${file}`, fixtures)));
  const weights = names.find((name) => /^(open_clip_)?model\.safetensors$/.test(name));
  if (weights === undefined) throw new Error(`${folder} has no weights.`);
  const file = await read(weights);
  const data = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const tensors = parseHeader(file.subarray(8, data), weights).map((tensor) => ({
    ...tensor,
    shape: [...tensor.shape],
    data: file.subarray(data + tensor.begin, data + tensor.end),
  }));
  const others = await Promise.all(
    names
      .filter((name) => /(config|preprocessor_config)\.json$/.test(name))
      .map(async (name) => new File([await read(name)], name)),
  );
  const loadWith = (bytes: Uint8Array) => load([...others, new File([bytes.slice()], weights)]);
  return { file, tensors, loadWith };
}

describe.each(rows)('$folder', ({ folder, odd: [height, width], layers, hidden, row }) => {
  it('is inspected', async () => {
    const { status, out, errors } = await run('inspect', path(folder), '--json');
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
    expect(JSON.parse(out)).toMatchObject({ layers, hidden });
  });

  it('is converted to fp16 and to int8, and answers nearly as it does from its own file', async () => {
    const own = { fp32: await tokensOf(path(folder)), int8: await tokensOf(path(folder), { dtype: 'int8' }) };
    for (const [dtype, wanted, most] of [
      ['fp16', own.fp32, 0.01],
      ['int8', own.int8, 0.07],
    ] as const) {
      const output = at(`${folder.replace('/', '-')}-${dtype}`);
      expect(await run('convert', path(folder), '--dtype', dtype, '-o', output)).toMatchObject({ status: 0 });
      expect(distance(await tokensOf(output), wanted)).toBeLessThan(most);
    }
  });

  it('takes pictures of an odd size, and none that are no whole number of patches', async () => {
    const tokens = await tokensOf(path(folder), { imageSize: { height, width } });
    expect(tokens.every(Number.isFinite)).toBe(true);
    expect(await failureOf(load(path(folder), { imageSize: { height: height + 1, width } }))).toMatchObject({
      code: 'config',
      message: expect.stringContaining('not a whole number of patches'),
    });
  });

  it('is refused by name where its tensors are damaged', async () => {
    const { file, tensors, loadWith } = await partsOf(folder);
    const failure = (changed: readonly Tensor[]) => failureOf(loadWith(safetensors(changed)));
    expect(await failureOf(loadWith(file.subarray(0, -9)))).toMatchObject({
      code: 'truncated',
    });
    // The first matrix of the first block, whatever it is called.
    const victim = tensors.find(
      ({ name, shape }) =>
        /[._]0[._]/.test(name) &&
        shape.length === 2 &&
        !/bias|rel_pos|text_model|decoder|^transformer\.|^text\./.test(name),
    );
    if (!victim) throw new Error(`${folder} has no matrix in its first block.`);
    const name = victim.name.replaceAll('.', '\\.');
    const rest = tensors.filter((tensor) => tensor !== victim);
    expect(await failure(rest)).toMatchObject({
      code: 'tensors',
      // With the prefix that other tensors of the file have: transformers 5 saves ViTMSN's with it and without.
      message: expect.stringMatching(`"(?:[a-z_]+\\.)?${name}" is missing`),
    });
    const [rows, columns] = victim.shape;
    const bytes = victim.data.length / rows / columns;
    const narrow = {
      ...victim,
      shape: [rows, columns - 1],
      data: victim.data.subarray(0, rows * (columns - 1) * bytes),
    };
    expect(await failure([...rest, narrow])).toMatchObject({
      code: 'tensors',
      message: expect.stringMatching(`"${name}" has shape \\[`),
    });
    const surplus = { ...victim, name: `${victim.name}_again` };
    expect(await failure([...tensors, surplus])).toMatchObject({
      code: 'tensors',
      message: expect.stringContaining(`"${surplus.name}" is not a tensor of this model`),
    });
  });

  it('has a row in the docs', async () => {
    expect(await readFile(`${root}docs/supported-models.md`, 'utf8')).toContain(row);
  });
});

it('no family is left out', async () => {
  const types = await Promise.all(
    rows.map(async ({ folder }) => {
      const model = await load(path(folder));
      model.dispose();
      return model.info.modelType;
    }),
  );
  const asked = new Set(types);
  // Google's have no config: formats/npz.test.ts asks them.
  const elsewhere = 'Google Research ViT';
  const left = families.filter(({ modelType, title }) => !asked.has(modelType) && title !== elsewhere);
  expect(left.map(({ title }) => title)).toEqual([]);
});
