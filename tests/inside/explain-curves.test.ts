// Whether `explain` names the patches that matter, as deletion and insertion curves of photographs see it.
import { expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { curvesOf } from '../../scripts/curves.mjs';
import { decodeJpeg } from '../golden/jpeg.js';

const samples = new URL('../../examples/demo/samples/', import.meta.url);
const names = ['burger', 'cat', 'coffee', 'dog', 'pizza', 'shuttle', 'taxis'];

it('explain names patches that matter more than those of raw attention, and those more than random ones', async () => {
  const model = await load();
  const pictures = await Promise.all(
    names.map((name) => decodeJpeg(fileURLToPath(new URL(`${name}.jpg`, samples)))),
  );
  const { explain, attention, random } = await curvesOf(model, pictures, [0, 0.1, 0.25, 0.5, 1]);
  model.dispose();
  // Covering the patches takes the answer away, uncovering them brings it back.
  expect(explain.deletion).toBeLessThan(0.9 * attention.deletion);
  expect(attention.deletion).toBeLessThan(0.7 * random.deletion);
  expect(explain.insertion).toBeGreaterThan(1.2 * attention.insertion);
  expect(attention.insertion).toBeGreaterThan(1.2 * random.insertion);
}, 300_000);
