// What is decided before a model is known. Threads themselves run in tests/browser and tests/cpp.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { planThreads, startThreads } from '../../web/engine/threads.js';
import { plain } from '../../web/checkpoint/families/family.js';
import type { Engine } from '../../web/engine/engine.js';
import type { NativeConfig } from '../../web/engine/bindings.js';

/** Node shares memory between threads as isolated pages do; only the number of cores has to be given. */
const original = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
beforeEach(() => setCores(6));
afterEach(() => {
  Object.defineProperty(globalThis, 'navigator', original ?? { value: undefined, configurable: true });
});

function setCores(hardwareConcurrency: number | undefined): void {
  Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency }, configurable: true });
}

describe('the plan', () => {
  it.each([
    [{}, 6, 'the machine has 6 cores'],
    [{ threads: 'auto' }, 6, 'the machine has 6 cores'],
    [{ threads: 1 }, 1, 'one was requested'],
    [{ threads: 4 }, 4, '4 were requested'],
    [{ threads: 7 }, 6, "limited to the machine's cores"],
    [{ variant: 'relaxed' }, 1, 'the "relaxed" build has one'],
    [{ variant: 'relaxed', threads: 3 }, 3, '3 were requested'],
    [{ variant: 'relaxed-threads' }, 6, 'the machine has 6 cores'],
    [{ variant: 'relaxed-threads', threads: 1 }, 1, 'one was requested'],
    [{ wasm: { variant: 'simd', url: '/vit.wasm' }, threads: 3 }, 1, 'the "simd" build has one'],
    [{ wasm: { variant: 'simd-threads', url: '/vit.wasm' } }, 6, 'the machine has 6 cores'],
  ] as const)('for %j is %d, because %s', (options, count, reason) => {
    expect(planThreads(options, undefined)).toMatchObject({ count, reason });
  });

  it('tries only once whether memory can be shared, as browsers run out of addresses for it', () => {
    const { Memory } = WebAssembly;
    let tries = 0;
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        tries++;
      }
    };
    try {
      for (let load = 0; load < 3; load++) planThreads({}, undefined);
    } finally {
      WebAssembly.Memory = Memory;
    }
    expect(tries).toBeLessThanOrEqual(1);
  });

  it('has eight threads at most, unless more are asked for', () => {
    setCores(24);
    expect(planThreads({}, undefined)).toMatchObject({ count: 8, reason: 'more would not help' });
    expect(planThreads({ threads: 20 }, undefined)).toMatchObject({ count: 20 });
  });

  it('has one thread where the number of cores is kept secret', () => {
    setCores(undefined);
    expect(planThreads({}, undefined)).toMatchObject({ count: 1 });
  });

  it('has one thread where there is an obstacle, and no build with threads can be forced', () => {
    expect(planThreads({ threads: 4 }, 'of the rain')).toMatchObject({ count: 1, reason: 'of the rain' });
    expect(() => planThreads({ variant: 'simd-threads' }, 'of the rain')).toThrow(
      expect.objectContaining({
        code: 'threads',
        message: 'The "simd-threads" build cannot run here: of the rain.',
      }),
    );
  });
});

describe('a small model', () => {
  const network: NativeConfig = {
    ...plain,
    imageHeight: 32,
    imageWidth: 32,
    patchHeight: 8,
    patchWidth: 8,
    hidden: 16,
    layers: 2,
    mlpHidden: 64,
    positionRows: 4,
    positionColumns: 4,
    heads: 2,
    classes: 0,
    layerNormEps: 1e-6,
    activation: 0,
  };

  it('gets no more threads than help it', async () => {
    // An engine that has nothing to start them with.
    expect(await startThreads({} as Engine, planThreads({}, undefined), network)).toMatchObject({
      count: 1,
      reason: 'more would not help a model this small',
    });
  });
});
