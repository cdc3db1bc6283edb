// Memory grows once, in begin: afterwards neither loading nor a large picture nor the forward pass takes any.
import { describe, expect, it } from '@jest/globals';

import { Engine } from '../../web/engine.js';
import { startBindings, variants } from '../engine.js';
import { fillEngine, folderOf, goldenModels } from '../golden/models.js';
import { makeImage } from '../golden/noise.js';

describe.each(variants)('%s', (variant) => {
  it('takes no memory after begin', async () => {
    const bindings = await startBindings(variant);
    const engine = new Engine(bindings);
    const begin = engine.begin.bind(engine);
    let afterBegin = 0;
    engine.begin = (...sizes) => {
      begin(...sizes);
      afterBegin = bindings.HEAPU8.buffer.byteLength;
    };
    const model = goldenModels.find(({ name }) => name === 'three-blocks');
    if (!model) throw new Error('The model three-blocks is not among the fixtures.');
    await fillEngine(engine, folderOf(model));
    const large = makeImage({ kind: 'noise', seed: 1, width: 4000, height: 3000 });
    for (let run = 0; run < 3; run++) {
      engine.preprocess(large);
      engine.forward();
    }
    expect(afterBegin).toBeGreaterThan(engine.memoryBytes);
    expect(bindings.HEAPU8.buffer.byteLength).toBe(afterBegin);
    engine.dispose();
  });
});
