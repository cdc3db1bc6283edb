// The choice among kernels: forced, found by comparing, and never seen in a result.
import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { createEngine, variants } from '../engine.js';
import { chooseKernels, knownKernels, rememberKernels } from '../../web/engine/kernels.js';
import type { Engine } from '../../web/engine/engine.js';
import { checkLoadOptions } from '../../web/options.js';
import type { Dtype, Kernels, ModelInfo, Variant } from '../../web/types.js';

const names = { relaxed: ['6x8', '4x16', '6x16'], simd: ['5x8', '4x16', '5x16'] } as const;
const int8Names = { relaxed: ['6x8', '3x8'], simd: ['3x12'] } as const;
const timed = 'they were the fastest when compared';
const alone = 'there are no others';
const probed = 'a test product showed which one the processor supports';
const untried = 'there was no time to compare others';
const never = new AbortController().signal;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(variants)('%s', (variant) => {
  it('has these kernels, and runs each', async () => {
    const engine = await createEngine(variant);
    expect(engine.kernels('fp32')).toEqual(names[variant]);
    for (const index of [0, 1, 2]) engine.tryKernels('fp32', index, 3);
    // Which comes first is for the processor to say, and Node 20 gets 6x8 wrong on some.
    const int8 = engine.kernels('int8');
    expect(int8Names[variant]).toEqual(expect.arrayContaining(int8));
    expect(int8).toContain(int8Names[variant].at(-1));
    for (const index of int8.keys()) engine.tryKernels('int8', index, 3);
    engine.dispose();
  });

  it.each(['fp32', 'int8'] as const)(
    'settles on one of them, or on the first when the code was optimized before it was watched: %s',
    async (dtype) => {
      const engine = await createEngine(variant);
      const existing = engine.kernels(dtype);
      const end = chooseKernels(engine, dtype, undefined, never);
      await pause(700);
      const { name, reason } = end();
      expect(existing).toContain(name);
      if (reason !== timed)
        expect([name, reason]).toEqual([
          existing[0],
          existing[1] ? (dtype === 'int8' ? probed : untried) : alone,
        ]);
      engine.dispose();
    },
  );

  it('stays with the first when there is no time, and stops when asked to', async () => {
    const engine = await createEngine(variant);
    const stop = new AbortController();
    const end = chooseKernels(engine, 'fp32', undefined, stop.signal);
    expect(end()).toEqual({ name: names[variant][0], reason: untried, measured: false });
    chooseKernels(engine, 'fp32', undefined, stop.signal);
    stop.abort();
    engine.dispose();
    await pause(60); // a comparison now would throw
  });
});

it('are those that `load` takes, and no others', () => {
  // A name that the type lacks, or has too many, is an error of types.
  const typed: Record<Kernels, true> = {
    '6x8': true,
    '5x8': true,
    '4x16': true,
    '6x16': true,
    '5x16': true,
    '3x8': true,
    '3x12': true,
  };
  const built = [...names.relaxed, ...names.simd, ...int8Names.relaxed, ...int8Names.simd];
  expect([...new Set<string>(built)].sort()).toEqual(Object.keys(typed).sort());
  for (const kernels of built) checkLoadOptions({ kernels });
  const listed = new RegExp(`should be (?:"[^"]*"(?: or )?){${Object.keys(typed).length}}[.,]`);
  expect(() => checkLoadOptions({ kernels: '1x1' as Kernels })).toThrow(listed);
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** An engine, and a clock, by which one kernel is fast and all are `speedup` times faster a little later. */
function pretended(fast: number, times: number, speedup: number): { engine: Engine; used: number[] } {
  const used: number[] = [];
  let clock = 0;
  const begun = Date.now();
  jest.spyOn(performance, 'now').mockImplementation(() => (clock += 1e-6));
  const engine = {
    variant: 'relaxed',
    kernels: () => names.relaxed,
    useKernels: (_: Dtype, index: number) => used.push(index),
    tryKernels: (_: Dtype, index: number) => {
      const ms = Date.now() > begun + 20 ? 0.04 / speedup : 0.04;
      clock += index === fast ? ms / times : ms;
    },
  };
  return { engine: engine as unknown as Engine, used };
}

it.each([
  { fast: 2, times: 2, chosen: '6x16' },
  { fast: 1, times: 2, chosen: '4x16' },
  { fast: 2, times: 1.02, chosen: '6x8' },
])('chooses $chosen where kernel $fast is $times times as fast', async ({ fast, times, chosen }) => {
  const { engine, used } = pretended(fast, times, 4);
  const end = chooseKernels(engine, 'fp32', undefined, never);
  await pause(700);
  expect(end().name).toBe(chosen);
  expect(used).toEqual([names.relaxed.indexOf(chosen as never)]);
});

it('stays with the first as long as no code was optimized, whichever seems fastest', async () => {
  const { engine, used } = pretended(2, 2, 1);
  const end = chooseKernels(engine, 'fp32', undefined, never);
  await pause(700);
  expect(end()).toEqual({ name: '6x8', reason: untried, measured: false });
  expect(used).toEqual([]);
});

it('uses what is asked for without trying any, and says what there is otherwise', () => {
  const { engine, used } = pretended(2, 2, 4);
  const known = knownKernels('4x16', 'relaxed').fp32;
  expect(chooseKernels(engine, 'fp32', known, never)()).toEqual({
    name: '4x16',
    reason: 'they were requested',
    measured: false,
  });
  expect(used).toEqual([1]);
  expect(() => chooseKernels(engine, 'fp32', knownKernels('5x8', 'relaxed').fp32, never)).toThrow(
    'The "relaxed" build has no kernels "5x8" for fp32; it has "6x8", "4x16", "6x16".',
  );
});

it('remembers what was found for builds of the same instructions, by dtype, and nothing that was not', () => {
  const info = (kernels: Kernels, kernelsMeasured: boolean, dtype: Dtype = 'fp32') =>
    ({ variant: 'relaxed', dtype, kernels, kernelsMeasured }) as ModelInfo;
  const known = (variant: Variant, dtype: Dtype, wanted?: Kernels) =>
    knownKernels(wanted, variant)[dtype]?.name;
  rememberKernels(info('4x16', false));
  rememberKernels(info('6x8', false));
  expect(known('relaxed', 'fp32')).toBeUndefined();
  rememberKernels(info('6x16', true));
  expect(known('relaxed-threads', 'fp32')).toBe('6x16');
  expect(known('relaxed', 'fp32', '6x8')).toBe('6x8');
  expect(known('simd', 'fp32')).toBeUndefined();
  expect(known('relaxed', 'int8')).toBeUndefined();
  rememberKernels(info('3x8', true, 'int8'));
  expect([known('relaxed', 'fp32'), known('relaxed', 'int8')]).toEqual(['6x16', '3x8']);
});
