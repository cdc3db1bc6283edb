// Which of the engine's kernels a model uses. All give the same bits, so the fastest may be found with a clock.
import type { Engine } from './engine.js';
import { VitError } from '../errors.js';
import type { Kernels, ModelInfo, Variant } from '../types.js';
import { instructionsOf } from './variant.js';

/** Kernels, and why those. */
export interface KernelChoice {
  readonly name: Kernels;
  readonly reason: string;
  /** Whether they won a comparison, so that models loaded later need none. */
  readonly measured: boolean;
}

const chosen = 'they were asked for';
const fastest = 'they were the fastest when tried';
const untried = 'there was no time to try others';

/** What was found to be fastest, for the models that this page loads next; by instructions. */
const found = new Map<string, Kernels>();

/** What is known before the engine is there: kernels that were asked for, or found out for an earlier model. */
export function knownKernels(wanted: Kernels | undefined, variant: Variant): KernelChoice | undefined {
  if (wanted) return { name: wanted, reason: chosen, measured: false };
  const name = found.get(instructionsOf(variant));
  return name && { name, reason: fastest, measured: true };
}

/** Keeps what a loaded model has measured. */
export function rememberKernels({ variant, kernels, kernelsMeasured }: ModelInfo): void {
  if (kernelsMeasured) found.set(instructionsOf(variant), kernels);
}

/** Milliseconds that one is run at a time. */
const slice = 0.25;
/** How often each is, by turns, when it counts: whatever else the machine does only ever takes time away. */
const turns = 3;
/** Milliseconds before each further comparison, in which the engine has time to optimise what has run. */
const pauses = [30, 60, 120, 240];
/** How many times faster code becomes by that, at least. */
const optimised = 2;
/** How many times faster than the first another has to be, for timings vary. */
const advantage = 1.15;

/**
 * Uses the kernels that are known, or compares them while the model is loading: a quarter of a millisecond each to have
 * them optimised, and after each pause, until that has happened, three times that for their speed. Gives a function that
 * ends this and says what came of it; `signal` ends it too.
 */
export function chooseKernels(
  engine: Engine,
  known: KernelChoice | undefined,
  signal: AbortSignal,
): () => KernelChoice {
  const names = engine.kernels;
  if (known) {
    const index = names.indexOf(known.name);
    if (index < 0) throw notThere(known.name, engine.variant, names);
    engine.useKernels(index);
    return () => known;
  }
  const compare = () => names.map((_, index) => speedOf(engine, index));
  const fastestOf = (count: number) =>
    Array.from({ length: count }, compare).reduce((best, speeds) =>
      best.map((speed, index) => Math.max(speed, speeds[index])),
    );
  let choice: KernelChoice = { name: names[0], reason: untried, measured: false };
  // Engines compile what is run for the first time, which is not to be timed.
  names.forEach((_, index) => engine.tryKernels(index, 1));
  const before = compare();
  let timer: ReturnType<typeof setTimeout>;
  let wasBeaten = false;
  const compareIn = ([pause, ...rest]: readonly number[]): void => {
    timer = setTimeout(() => {
      if (signal.aborted) return;
      const speeds = fastestOf(turns);
      const isOptimised = speeds.every((speed, index) => speed > optimised * before[index]);
      // Before that, speeds say nothing of what they will be; the first is the best guess.
      if (!isOptimised) return rest.length > 0 ? compareIn(rest) : undefined;
      const best = speeds.indexOf(Math.max(...speeds));
      const isBeaten = speeds[best] > advantage * speeds[0];
      // Twice, or it was chance: the wrong choice costs more than the right one gains.
      if (isBeaten && !wasBeaten && rest.length > 0) {
        wasBeaten = true;
        return compareIn(rest);
      }
      const index = isBeaten && wasBeaten ? best : 0;
      engine.useKernels(index);
      choice = { name: names[index], reason: fastest, measured: true };
    }, pause);
  };
  compareIn(pauses);
  return () => {
    clearTimeout(timer);
    return choice;
  };
}

/** Runs in a millisecond. */
function speedOf(engine: Engine, index: number): number {
  // Some clocks go in steps of a millisecond: begun with a step, ended with one.
  const start = performance.now();
  let begin = start;
  while (begin === start) begin = performance.now();
  let now = begin;
  let runs = 0;
  for (; now - begin < slice; now = performance.now()) {
    engine.tryKernels(index, 16);
    runs += 16;
  }
  return runs / (now - begin);
}

function notThere(name: Kernels, variant: string, names: readonly Kernels[]): VitError {
  return new VitError(
    'unsupported-option',
    `The "${variant}" build has no kernels "${name}"; there are ${names.map((other) => `"${other}"`).join(', ')}.`,
  );
}
