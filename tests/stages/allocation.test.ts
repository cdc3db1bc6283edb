// Memory grows once, in allocate: afterwards neither loading nor a large picture nor the forward pass takes any.
import { describe, expect, it } from '@jest/globals';
import { statSync } from 'node:fs';

import { Engine } from '../../web/engine/engine.js';
import { rawPixels } from '../../web/pictures/pixels.js';
import { startBindings, variants } from '../engine.js';
import { deitTiny, sharedIsThere } from '../golden/fixtures.js';
import { fillEngine, folderOf, goldenModels } from '../golden/models.js';
import { makeImage } from '../golden/noise.js';

const golden = folderOf(goldenModels.find(({ name }) => name === 'three-blocks') ?? goldenModels[0]);

describe.each(variants)('%s', (variant) => {
  it('takes memory in allocate alone', async () => {
    const bindings = await startBindings(variant);
    const engine = new Engine(bindings);
    const allocate = engine.allocate.bind(engine);
    const before = bindings.HEAPU8.buffer.byteLength;
    let after = 0;
    engine.allocate = () => {
      expect(bindings.HEAPU8.buffer.byteLength).toBe(before);
      allocate();
      after = bindings.HEAPU8.buffer.byteLength;
    };
    await fillEngine(engine, golden);
    const large = makeImage({ kind: 'noise', seed: 1, width: 4000, height: 3000 });
    for (let run = 0; run < 3; run++) {
      engine.preprocess(rawPixels(large));
      engine.forward();
    }
    expect(after).toBeGreaterThan(engine.memoryBytes);
    expect(bindings.HEAPU8.buffer.byteLength).toBe(after);
    engine.dispose();
  });

  it.each([golden, ...(sharedIsThere ? [deitTiny] : [])])(
    'takes little more than the weights of %s',
    async (folder) => {
      const bindings = await startBindings(variant);
      const engine = new Engine(bindings);
      await fillEngine(engine, folder);
      const weights = statSync(new URL('model.safetensors', folder)).size;
      expect(bindings.HEAPU8.buffer.byteLength).toBeLessThanOrEqual(1.15 * weights + 20e6);
      engine.dispose();
    },
  );
});
