// Which of the engine's kernels a model uses. All give the same bits, so the fastest may be found with a clock.
import type { Engine } from './engine.js';
import { VitError } from '../errors.js';
import type { Dtype, Kernels, ModelInfo, Variant } from '../types.js';
import { instructionsOf } from './variant.js';

/** Kernels, and why those. */
export interface KernelChoice {
  readonly name: Kernels;
  readonly reason: string;
  /** Whether they won a comparison, so that models loaded later need none. */
  readonly measured: boolean;
}

/** By the dtype of the model that they are for. */
export type KnownKernels = Readonly<Partial<Record<Dtype, KernelChoice>>>;

const chosen = 'they were requested';
const fastest = 'they were the fastest when compared';
const only = 'there are no others';
const probed = 'a test product showed which one the processor supports';
const untried = 'there was no time to compare others';

/** The fastest kernels by instructions and dtype, for the models that this page loads next. */
const found = new Map<string, KnownKernels>();

/** What is known before the engine has started: kernels that were requested, or measured by an earlier model. */
export function knownKernels(wanted: Kernels | undefined, variant: Variant): KnownKernels {
  if (!wanted) return found.get(instructionsOf(variant)) ?? {};
  const choice = { name: wanted, reason: chosen, measured: false };
  return { fp32: choice, int8: choice };
}

/** Remembers what a loaded model has measured. */
export function rememberKernels({ variant, dtype, kernels, kernelsMeasured }: ModelInfo): void {
  if (!kernelsMeasured) return;
  const choice = { name: kernels, reason: fastest, measured: true };
  found.set(instructionsOf(variant), { ...found.get(instructionsOf(variant)), [dtype]: choice });
}

/** Milliseconds per timing. */
const slice = 0.25;
/** How often each is timed, in turns; the fastest run counts, because other work on the machine only adds time. */
const turns = 3;
/** Milliseconds before each further comparison, in which the engine has time to optimize what has run. */
const pauses = [30, 60, 120, 240];
/** How many times faster optimized code is, at least. */
const optimized = 2;
/** How many times faster than the first another must be, because timings vary. */
const advantage = 1.15;

/**
 * Uses the kernels that are known, or compares them while the model is loading: a quarter of a millisecond each to get
 * them optimized, and after each pause, until that has happened, three times that for their speed. Returns a function
 * that ends the comparison and gives the choice; `signal` ends it too.
 */
export function chooseKernels(
  engine: Engine,
  dtype: Dtype,
  known: KernelChoice | undefined,
  signal: AbortSignal,
): () => KernelChoice {
  const names = engine.kernels(dtype);
  if (known) {
    const index = names.indexOf(known.name);
    if (index < 0) throw notThere(known.name, dtype, engine.variant, names);
    engine.useKernels(dtype, index);
    return () => known;
  }
  if (names.length === 1) return () => ({ name: names[0], reason: only, measured: false });
  // The engine lists the faster one first: the result of one product tells it which instruction the processor has, on a
  // busy machine too.
  if (dtype === 'int8') return () => ({ name: names[0], reason: probed, measured: false });
  const run = (index: number, times: number) => engine.tryKernels(dtype, index, times);
  const compare = () => names.map((_, index) => speedOf((times) => run(index, times)));
  const fastestOf = (count: number) =>
    Array.from({ length: count }, compare).reduce((best, speeds) =>
      best.map((speed, index) => Math.max(speed, speeds[index])),
    );
  let choice: KernelChoice = { name: names[0], reason: untried, measured: false };
  // Engines compile code when it first runs, which must not be timed.
  names.forEach((_, index) => run(index, 1));
  const before = compare();
  let timer: ReturnType<typeof setTimeout>;
  let wasBeaten = false;
  const compareIn = ([pause, ...rest]: readonly number[]): void => {
    timer = setTimeout(() => {
      if (signal.aborted) return;
      const speeds = fastestOf(turns);
      const isOptimized = speeds.every((speed, index) => speed > optimized * before[index]);
      // Speeds before optimization do not predict those after it; the first kernels are the best guess.
      if (!isOptimized) return rest.length > 0 ? compareIn(rest) : undefined;
      const best = speeds.indexOf(Math.max(...speeds));
      const isBeaten = speeds[best] > advantage * speeds[0];
      // It has to win twice, not by chance: a wrong choice costs more than a right one gains.
      if (isBeaten && !wasBeaten && rest.length > 0) {
        wasBeaten = true;
        return compareIn(rest);
      }
      const index = isBeaten && wasBeaten ? best : 0;
      engine.useKernels(dtype, index);
      choice = { name: names[index], reason: fastest, measured: true };
    }, pause);
  };
  compareIn(pauses);
  return () => {
    clearTimeout(timer);
    return choice;
  };
}

/** Runs per millisecond. */
function speedOf(run: (times: number) => void): number {
  // Some clocks have steps of a millisecond: the timing starts and ends at a step.
  const start = performance.now();
  let begin = start;
  while (begin === start) begin = performance.now();
  let now = begin;
  let runs = 0;
  for (; now - begin < slice; now = performance.now()) {
    run(16);
    runs += 16;
  }
  return runs / (now - begin);
}

function notThere(name: Kernels, dtype: Dtype, variant: string, names: readonly Kernels[]): VitError {
  const others = names.map((other) => `"${other}"`).join(', ');
  return new VitError(
    'unsupported-option',
    `The "${variant}" build has no kernels "${name}" for ${dtype}; it has ${others}.`,
  );
}
