// The figures on the demo's buttons: those of the README, of the documentation and of the files themselves.
import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { randomWeights } from './browser/random-weights.js';
import { startServer } from './browser/server.js';

interface Entry {
  id: string;
  knows: string;
  location: string;
  megabytes: number;
  accuracy?: string;
  measured?: string;
  license: string;
}
const root = new URL('../', import.meta.url);
const { catalog } = (await import(new URL('examples/demo/catalog.js', root).href)) as unknown as {
  catalog: Entry[];
};
const named = (id: string) => catalog.find((entry) => entry.id === id)!;
const read = (path: string) => readFile(new URL(path, root), 'utf8');

/** The row of a table that names a model, cell by cell, without its links. */
async function rowOf(path: string, name: string): Promise<string[]> {
  const row = (await read(path)).split('\n').find((line) => line.startsWith('|') && line.includes(name));
  return (row ?? '').split('|').map((cell) => cell.replace(/\]\([^)]*\)|[[\]`]/g, '').trim());
}

it.each(['deit-tiny', 'dinov2'])('%s is as the README has it', async (id) => {
  const { location, megabytes, accuracy, measured, license } = named(id);
  const row = await rowOf('README.md', location);
  expect(row).toContain(`${megabytes} MB`);
  expect(row).toContain(measured === 'linear' ? `${accuracy} (linear)` : accuracy);
  expect(row).toContain(license);
});

it.each(['tinyclip', 'clip'])('%s is as the documentation of words has it', async (id) => {
  const { location, accuracy, measured } = named(id);
  expect(await rowOf('docs/words.md', location)).toContain(accuracy);
  expect(measured).toBe('zero-shot');
});

it('the built-in model is as its card and its file have it', async () => {
  const { megabytes, accuracy, license } = named('builtin');
  const { size } = await stat(new URL('models/tinyimagenet-vit/model.safetensors', root));
  expect(megabytes).toBe(Math.round(size / 1e5) / 10);
  expect(await rowOf('README.md', 'models/tinyimagenet-vit')).toEqual(
    expect.arrayContaining([`${megabytes} MB`, expect.stringContaining(accuracy!), license]),
  );
});

it('the first glance is as its card and its files have it', async () => {
  const { megabytes, accuracy, knows } = named('glance');
  const { size } = await stat(new URL('models/first-glance/model.safetensors', root));
  expect(megabytes).toBe(Math.round(size / 1e4) / 100);
  const { id2label } = JSON.parse(await read('models/first-glance/config.json')) as { id2label: object };
  expect(knows).toBe(`${Object.keys(id2label).length} kinds of things`);
  const [, measured] = /accuracy, int8 +\| \*\*([\d.]+) %\*\*/.exec(
    await read('models/first-glance/README.md'),
  )!;
  expect(accuracy).toBe(`${measured} %`);
});

/** The parameters of a transformer's blocks. */
const blocks = (layers: number, width: number) => layers * (12 * width ** 2 + 13 * width);

it.each([
  ['vit-base', 1000],
  ['nsfw', 2],
  ['ai-or-real', 2],
])('%s has the size of a ViT-Base in single precision', (id, classes) => {
  const width = 768;
  const embedding = 3 * 16 ** 2 * width + width + width + 197 * width;
  const parameters = blocks(12, width) + embedding + 2 * width + classes * (width + 1);
  expect(named(id).megabytes).toBe(Math.round((4 * parameters) / 1e6));
});

/** CLIP's own, and that of TinyCLIP, which has its vocabulary: https://huggingface.co/openai/clip-vit-base-patch32/tree/main */
const tokenizerBytes = 2_224_003;

it.each([
  { id: 'tinyclip', patch: 16, layers: 10, width: 256, textLayers: 3, textWidth: 256 },
  { id: 'clip', patch: 32, layers: 12, width: 768, textLayers: 12, textWidth: 512 },
])(
  '$id has the size of what is read of it: both towers in single precision, without the table of tokens',
  ({ id, patch, layers, width, textLayers, textWidth }) => {
    const projected = 512;
    const positions = (224 / patch) ** 2 + 1;
    const pictures =
      blocks(layers, width) + (3 * patch ** 2 + 1 + positions + 2 + 2) * width + width * projected;
    const texts = blocks(textLayers, textWidth) + (77 + 2) * textWidth + textWidth * projected;
    expect(named(id).megabytes).toBe(Math.round((4 * (pictures + texts) + tokenizerBytes) / 1e6));
  },
);

it('DeiT-Tiny beside the page has the size that its button says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vit-wasm-catalog-'));
  // Sizes depend on shapes alone.
  const server = await startServer({ '/deit-tiny/': randomWeights('tiny') });
  try {
    const cli = fileURLToPath(new URL('dist/cli.js', root));
    const out = join(folder, 'deit');
    const args = ['convert', `${server.origin}/deit-tiny/`, '--dtype', 'int8', '-o', out];
    await promisify(execFile)(process.execPath, [cli, ...args]);
    const { size } = await stat(join(out, 'model.safetensors'));
    const [, beside] = /\? ([\d.]+) : 23/.exec(await read('examples/demo/catalog.js'))!;
    expect(Number(beside)).toBe(Math.round(size / 1e5) / 10);
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});
