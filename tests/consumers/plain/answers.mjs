// What the package says in Node. Reads `{ model?, image: { data (base64), width, height } }` from its input and prints
// the labels and probabilities of every class, the most probable first.
import { text } from 'node:stream/consumers';
import { load } from 'vit-wasm';

const { model: place, image } = JSON.parse(await text(process.stdin));
const model = await load(place);
const picture = { ...image, data: Uint8Array.from(Buffer.from(image.data, 'base64')) };
console.log(JSON.stringify(await model.classify(picture, { topK: model.info.classes })));
