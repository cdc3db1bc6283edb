// `node check_exported.mjs OUT`: see check_exported.py.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';
import { asked, taughtColors } from './colors.mjs';

const out = process.argv[2];
const families = [
  'vit',
  'vit-model',
  'vit-msn',
  'deit',
  'deit-distilled',
  'dinov2',
  'dinov2-registers',
  'i-jepa',
];
const ofTimm = ['class-token', 'wrapped', 'average', 'distilled', 'no-head', 'gated', 'siglip'];
const rotary = ['eva02-base', 'eva02-clip', 'dinov3', 'beit'];
const foreign = ['clip', 'clip-model', 'npz/augreg.npz', 'npz/big-vision.npz', 'npz/big-vision-token.npz'];
const names = ['builtin', ...families, ...[...ofTimm, ...rotary].map((name) => `timm/${name}`), ...foreign];

for (const name of names) {
  const path = name.includes('/') ? name : `families/${name}`;
  const place = new URL(`fixtures/${path}${name.endsWith('.npz') ? '' : '/'}`, import.meta.url);
  const model = await load(name === 'builtin' ? undefined : fileURLToPath(place));
  const own = await taughtColors(model);
  const answers = [...(await own.classify(asked))].sort((a, b) => a.index - b.index);
  const folder = `${out}/${name.replace('/', '--')}`;
  mkdirSync(folder, { recursive: true });
  for (const file of await own.export()) {
    writeFileSync(`${folder}/${file.name}`, new Uint8Array(await file.arrayBuffer()));
  }
  const expected = {
    ...model.info.imageSize,
    dtype: model.info.dtype,
    pixelValues: [...(await model.preprocess(asked))],
    labels: answers.map(({ label }) => label),
    probabilities: answers.map(({ probability }) => probability),
  };
  writeFileSync(`${folder}/expected.json`, JSON.stringify(expected));
  model.dispose();
}
