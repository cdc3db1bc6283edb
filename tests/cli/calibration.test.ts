// The mathematics of `convert --calibrate`, against the engine and against naive twins.
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';

import { blockOf, tokensBefore } from '../../cli/calibration/calibrate.js';
import { inputsOf, type Block, type Layer } from '../../cli/calibration/block.js';
import { equalized } from '../../cli/calibration/equalize.js';
import { rowOf, times, zeros, type Matrix } from '../../cli/calibration/matrices.js';
import { MomentsOf } from '../../cli/calibration/moments.js';
import { rotate, rotatedCovariance, rotateRows } from '../../cli/calibration/rotation.js';
import { errorFeed, roundWeights } from '../../cli/calibration/rounding.js';
import { inMemory, readSlots } from '../../cli/calibration/slots.js';
import { open } from '../../cli/checkpoint.js';
import { fill } from '../../web/checkpoint/fill.js';
import type { NativeConfig } from '../../web/engine/bindings.js';
import { createEngine, startBindings } from '../engine.js';
import { fixtures } from '../golden/fixtures.js';
import { noiseTensor } from '../golden/noise.js';

/** Numbers of mean 0, from a seed. */
function random(rows: number, columns: number, seed: number): Matrix {
  return { data: Float64Array.from(noiseTensor(seed, rows * columns)), rows, columns };
}

/** Rows of inputs that go together: each is a mixture of a few. */
function correlated(rows: number, columns: number, seed: number): Matrix {
  const mixed = times(random(rows, 6, seed), random(columns, 6, seed + 1));
  random(rows, columns, seed + 2).data.forEach((value, i) => (mixed.data[i] += 0.2 * value));
  return mixed;
}

function momentsOf(inputs: Matrix, prefix = 0, weight = 1) {
  const moments = new MomentsOf(inputs.columns);
  moments.add(inputs, prefix, weight);
  return moments.end();
}

/** The largest difference; NaN if there is one. */
function furthest(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let largest = 0;
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

/** What a block makes of its tokens. */
function outputOf(block: Block, ls2: Float64Array | undefined, tokens: Matrix, sizes: NativeConfig): Matrix {
  const inputs = inputsOf(block, tokens, sizes);
  const out = zeros(tokens.rows, tokens.columns);
  const add = (x: Matrix, { weight, bias }: Layer, factors: Float64Array | undefined) =>
    times(x, weight).data.forEach((value, i) => {
      const column = i % tokens.columns;
      out.data[i] += (value + bias[column]) * (factors?.[column] ?? 1);
    });
  out.data.set(tokens.data);
  add(inputs.proj, block.proj, block.ls1);
  add(inputs.fc2, block.fc2, ls2);
  return out;
}

/** A model of the fixtures, its engine in fp32, and its blocks. */
async function modelOf(folder: string) {
  const { checkpoint, context } = await open(fileURLToPath(new URL(`${folder}/`, fixtures)), {});
  const model = await inMemory(checkpoint, () => undefined);
  const engine = await createEngine('simd');
  await fill(engine, model, context);
  const { imageHeight, imageWidth, layers } = model.network;
  engine.setPixelValues(Float32Array.from(noiseTensor(3, 3 * imageHeight * imageWidth)));
  const blocks = [];
  for (let layer = 0; layer < layers; layer++) {
    const name = `blocks.${layer}`;
    const slots = await readSlots(model, new RegExp(`^${name}\\.`));
    blocks.push({ block: blockOf(slots, name, model.network), ls2: slots.get(`${name}.ls2.gamma`) });
  }
  return { engine, network: model.network, blocks };
}

const plain = [
  'models/square',
  'families/vit-oblong',
  'models/three-blocks',
  'models/odd-sizes',
  'models/gelu_new',
];
const others = [
  'models/quick_gelu',
  'models/relu',
  'models/silu',
  'families/dinov2',
  'families/clip',
  'timm/siglip',
];

describe.each([...plain, ...others])('the blocks of %s', (folder) => {
  it('compute what the engine does, and the same when they are equalized', async () => {
    const { engine, network, blocks } = await modelOf(folder);
    for (const [layer, { block, ls2 }] of blocks.entries()) {
      const tokens = tokensBefore(engine, layer, network);
      const found = outputOf(block, ls2, tokens, network);
      const wanted = engine.tokens(layer + 1, false).data;
      const largest = furthest(wanted, new Float32Array(wanted.length));
      expect(furthest(found.data, wanted)).toBeLessThan(1e-5 * largest);

      const inputs = inputsOf(block, tokens, network);
      const moments = {
        qkv: momentsOf(inputs.qkv, engine.prefix, 20),
        proj: momentsOf(inputs.proj, engine.prefix, 20),
        fc1: momentsOf(inputs.fc1, engine.prefix, 20),
        fc2: momentsOf(inputs.fc2, engine.prefix, 20),
      };
      const [changed, after] = equalized(block, moments, network.heads);
      expect(furthest(outputOf(changed, ls2, tokens, network).data, found.data)).toBeLessThan(1e-9 * largest);
      // The moments follow without another look at the pictures.
      const again = inputsOf(changed, tokens, network);
      for (const site of ['qkv', 'proj', 'fc1', 'fc2'] as const) {
        const measured = momentsOf(again[site], engine.prefix, 20);
        expect(furthest(after[site].mean, measured.mean)).toBeLessThan(1e-8);
        expect(furthest(after[site].weightedMean, measured.weightedMean)).toBeLessThan(1e-8);
        expect(furthest(after[site].covariance.data, measured.covariance.data)).toBeLessThan(1e-8);
      }
    }
    engine.dispose();
  });
});

describe('rounding', () => {
  const [inputs, outputs] = [72, 10];
  const covariance = momentsOf(correlated(200, inputs, 5)).covariance;
  const weights = random(outputs, inputs, 9);
  const scales = Float64Array.from({ length: outputs }, (_, row) => {
    return rowOf(weights, row).reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 40;
  });

  /** eᵀ·H·e over all outputs. */
  const errorOf = (codes: ArrayLike<number>) => {
    const errors = zeros(outputs, inputs);
    weights.data.forEach((value, i) => {
      errors.data[i] = scales[Math.floor(i / inputs)] * codes[i] - value;
    });
    const moved = times(errors, covariance);
    return errors.data.reduce((sum, value, i) => sum + value * moved.data[i], 0);
  };

  it('gives the codes of GPTQ as its authors write it, with the inverse', () => {
    const feed = errorFeed(covariance);
    const wanted = gptq(weights, covariance, scales, [...feed.order].reverse());
    expect(roundWeights(weights, scales, feed)).toEqual(wanted);
  });

  it('changes the outputs less than rounding to the nearest does', () => {
    const nearest = weights.data.map((value, i) => Math.round(value / scales[Math.floor(i / inputs)]));
    const found = errorOf(roundWeights(weights, scales, errorFeed(covariance)));
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(0.5 * errorOf(nearest));
  });

  it('keeps to what the engine can add', () => {
    // All weights alike: four of one sign add up to 4 · 127.
    const alike = { data: new Float64Array(inputs).fill(1), rows: 1, columns: inputs };
    const codes = roundWeights(alike, [1 / 127], errorFeed(covariance));
    for (let first = 0; first < inputs; first += 8) {
      for (const group of [0, 2]) {
        const four = [0, 1, 4, 5].map((i) => codes[first + group + i]);
        expect(four.filter((code) => code > 0).reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(258);
      }
    }
    expect(Math.max(...codes)).toBeGreaterThan(60);
  });

  it('makes zeros of a row of zeros, and of inputs that are always 0 what is nearest', () => {
    const none = zeros(inputs, inputs);
    expect(roundWeights(zeros(1, inputs), [0], errorFeed(none)).every((code) => code === 0)).toBe(true);
    const nearest = weights.data.map((value, i) => Math.round(value / scales[Math.floor(i / inputs)]));
    expect(roundWeights(weights, scales, errorFeed(none))).toEqual(Int8Array.from(nearest));
  });

  it('refuses activations that are not finite', () => {
    const broken = zeros(2, 2);
    broken.data.fill(NaN);
    expect(() => errorFeed(broken)).toThrow('some of its activations are not finite');
  });
});

describe('the rotation', () => {
  it("is the engine's, and its own inverse", async () => {
    const bindings = await startBindings('simd');
    const inputs = 64 + 16 + 3;
    const weights = random(4, inputs, 21);
    const { values, scales } = bindings.quantizeMatrix(Float32Array.from(weights.data), inputs);
    const rotated = { ...weights, data: weights.data.slice() };
    rotateRows(rotated);
    rotated.data.forEach((value, i) => {
      const scale = scales[Math.floor(i / inputs)];
      expect(Math.abs(value - scale * values[i])).toBeLessThan(0.501 * scale);
    });
    rotateRows(rotated);
    expect(furthest(rotated.data, weights.data)).toBeLessThan(1e-12);
  });

  it('of a covariance is that of rotated inputs', () => {
    const inputs = correlated(50, 80, 4);
    const found = rotatedCovariance(momentsOf(inputs).covariance);
    for (let row = 0; row < inputs.rows; row++) rotate(rowOf(inputs, row));
    const wanted = momentsOf(inputs).covariance;
    expect(furthest(found.data, wanted.data)).toBeLessThan(1e-10);
  });
});

/** GPTQ with the inverse of H, updating all weights that are still to come after each. */
function gptq(
  weights: Matrix,
  covariance: Matrix,
  scales: Float64Array,
  order: readonly number[],
): Int8Array {
  const count = covariance.rows;
  const mean = order.reduce((sum, i) => sum + covariance.data[i * count + i], 0) / count;
  const changed = weights.data.slice();
  const codes = new Int8Array(changed.length);
  order.forEach((input, step) => {
    const rest = order.slice(step);
    const damped = (i: number, j: number) => covariance.data[i * count + j] + (i === j ? 0.01 * mean : 0);
    const [toRest] = inverseOf(rest.map((i) => rest.map((j) => damped(i, j))));
    for (let first = 0, row = 0; row < weights.rows; row++, first += count) {
      codes[first + input] = Math.round(changed[first + input] / scales[row]);
      const error = (changed[first + input] - scales[row] * codes[first + input]) / toRest[0];
      rest.forEach((i, at) => (changed[first + i] -= error * toRest[at]));
    }
  });
  return codes;
}

/** By Gauss and Jordan. */
function inverseOf(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let i = 0; i < n; i++) {
    const pivot = rows[i][i];
    rows[i] = rows[i].map((value) => value / pivot);
    for (let other = 0; other < n; other++) {
      if (other === i) continue;
      const factor = rows[other][i];
      rows[other] = rows[other].map((value, j) => value - factor * rows[i][j]);
    }
  }
  return rows.map((row) => row.slice(n));
}
