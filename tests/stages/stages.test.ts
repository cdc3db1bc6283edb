// Every stage of the forward pass against transformers, on the tiny models of ../golden.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Engine } from '../../web/engine/engine.js';
import { createEngine, variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { readTensors, tensorOf } from '../golden/fixtures.js';
import { fillEngine, folderOf, goldenModels, type GoldenModel } from '../golden/models.js';

/** Largest absolute error. Values are below 10 everywhere, where neighboring floats are up to 1e-6 apart. */
const tolerances = {
  patches: 5e-6,
  tokens: 5e-6,
  blocks: 2e-5,
  norm: 2e-5,
  logits: 1e-5,
  probabilities: 2e-6,
};

const cases = variants.flatMap((variant) =>
  goldenModels.map((model) => ({ variant, model, name: model.name })),
);

describe.each(cases)('$variant, model $name', ({ variant, model }) => {
  let engine: Engine;
  let expected: Map<string, Float32Array>;

  beforeAll(async () => {
    engine = await createEngine(variant);
    await fillEngine(engine, folderOf(model));
    expected = await readTensors(`stages/${model.name}.safetensors`);
    engine.setPixelValues(tensorOf(expected, 'pixel_values'));
  });
  afterAll(() => engine.dispose());

  it('computes every stage as transformers does', () => {
    const stages = [...expected.keys()].filter((name) => name !== 'pixel_values');
    expect(stages).toEqual(expect.arrayContaining(['patches', 'tokens', 'blocks.0', 'norm', 'logits']));
    for (const name of stages) {
      const stage = engine.stage(name);
      expect(stage.data).toHaveLength(stage.rows * stage.columns);
      expectClose(stage.data, tensorOf(expected, name), toleranceOf(name), label(variant, model, name));
    }
  });

  it('computes the answers alone as well', () => {
    engine.forward();
    expectClose(
      engine.logits(),
      tensorOf(expected, 'logits'),
      tolerances.logits,
      label(variant, model, 'logits'),
    );
    const probabilities = engine.probabilities();
    expectClose(
      probabilities,
      tensorOf(expected, 'probabilities'),
      tolerances.probabilities,
      label(variant, model, 'probabilities'),
    );
    expect(probabilities.reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
  });
});

function toleranceOf(stage: string): number {
  return tolerances[stage.split('.')[0] as keyof typeof tolerances];
}

function label(variant: string, model: GoldenModel, stage: string): string {
  return `${stage} of ${model.name} (${variant})`;
}
