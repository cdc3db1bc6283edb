// `node check_exported.mjs OUT`: see check_exported.py.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

const out = process.argv[2];
const names = [
  'vit',
  'vit-model',
  'vit-msn',
  'deit',
  'deit-distilled',
  'dinov2',
  'dinov2-registers',
  'i-jepa',
];

/** A picture of two colors in a pattern. */
function picture(a, b) {
  const data = new Uint8Array(40 * 40 * 4);
  for (let at = 0; at < 1600; at++) data.set((at >> 3) % 3 ? a : b, 4 * at);
  return { data, width: 40, height: 40 };
}

for (const name of names) {
  const model = await load(fileURLToPath(new URL(`fixtures/families/${name}/`, import.meta.url)));
  const own = model.fewShot();
  await own.add('red', picture([250, 10, 30, 255], [90, 0, 0, 255]));
  await own.add('green', picture([20, 240, 30, 255], [0, 60, 0, 255]));
  await own.add('blue', picture([20, 30, 250, 255], [0, 0, 80, 255]));
  await own.train();
  const asked = picture([200, 90, 90, 255], [0, 70, 80, 255]);
  const answers = [...(await own.classify(asked))].sort((a, b) => a.index - b.index);
  const folder = `${out}/${name}`;
  mkdirSync(folder, { recursive: true });
  for (const file of await own.export()) {
    writeFileSync(`${folder}/${file.name}`, new Uint8Array(await file.arrayBuffer()));
  }
  const expected = {
    ...model.info.imageSize,
    pixelValues: [...(await model.preprocess(asked))],
    labels: answers.map(({ label }) => label),
    probabilities: answers.map(({ probability }) => probability),
  };
  writeFileSync(`${folder}/expected.json`, JSON.stringify(expected));
  model.dispose();
}
