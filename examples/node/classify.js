// node classify.js picture.jpg [model: a folder, or owner/name on the Hub]
import sharp from 'sharp';
import { load } from 'vit-wasm';

const [file, place] = process.argv.slice(2);
if (!file) {
  console.error('Which picture? node classify.js picture.jpg');
  process.exit(1);
}

// Node has no decoder of pictures; vit-wasm takes the pixels, row by row, as red, green, blue and alpha.
const { data, info } = await sharp(file).rotate().ensureAlpha().raw().toBuffer({ resolveWithObject: true });
const model = await load(place);
const predictions = await model.classify({ data, width: info.width, height: info.height }, { topK: 5 });
for (const { label, probability } of predictions) {
  console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${label}`);
}
model.dispose();
