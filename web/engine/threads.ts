import type { Engine } from './engine.js';
import { messageOf, VitError } from '../errors.js';
import { stageNumbers, type NativeConfig } from './bindings.js';
import type { LoadOptions, Variant } from '../types.js';

/** How many threads a model gets, and why. */
export interface ThreadPlan {
  readonly count: number;
  readonly reason: string;
  /** Whether the caller left the number open. */
  readonly automatic: boolean;
}

/** The most threads used unless a number is requested: in measurements more did not help. */
const mostThreads = 8;

/**
 * Multiply-adds that are worth a thread, about a millisecond: a smaller share is done before the other threads start.
 */
const workPerThread = 3e7;

/** Milliseconds within which threads must start. Where shared memory does not work after all, they never do. */
const startTimeout = 5000;

export function isThreaded(variant: Variant): boolean {
  return variant.endsWith('-threads');
}

/**
 * How many threads a model may have, as far as is known before it is loaded: as many as were requested, up to the
 * number of cores. One when there is an `obstacle` or memory cannot be shared, which is an error when a build with
 * threads was requested by name.
 */
export function planThreads(options: LoadOptions, obstacle: string | undefined): ThreadPlan {
  const { threads = 'auto', wasm } = options;
  const build = wasm?.variant ?? options.variant;
  const problem = obstacle ?? problemWithSharedMemory();
  const threaded = build && isThreaded(build);
  if (threaded && problem) throw new VitError('threads', `The "${build}" build cannot run here: ${problem}.`);
  if (threads === 1) return oneThread('one was requested');
  if (problem) return oneThread(problem);
  if (build && !threaded && (wasm || threads === 'auto')) return oneThread(`the "${build}" build has one`);

  const cores = navigator.hardwareConcurrency || 1;
  if (threads === 'auto') {
    const count = Math.min(cores, mostThreads);
    return {
      count,
      reason: count < cores ? 'more would not help' : `the machine has ${cores} cores`,
      automatic: true,
    };
  }
  if (threads > cores) return { count: cores, reason: "limited to the machine's cores", automatic: false };
  return { count: threads, reason: `${threads} were requested`, automatic: false };
}

/**
 * Starts a model's threads, before the engine's buffers are allocated. Resolves to the plan as carried out, when all
 * run or it is clear that they will not; meanwhile the engine may be used. Rejects if the engine is disposed of before
 * that.
 */
export function startThreads(engine: Engine, plan: ThreadPlan, network: NativeConfig): Promise<ThreadPlan> {
  const worthwhile = Math.max(1, Math.floor(estimatedWork(network) / workPerThread));
  const asked =
    plan.automatic && worthwhile < plan.count
      ? { ...plan, count: worthwhile, reason: 'more would not help a model this small' }
      : plan;
  if (asked.count === 1) return Promise.resolve(asked);
  engine.useThreads(asked.count);
  return whenRunning(engine, asked);
}

async function whenRunning(engine: Engine, plan: ThreadPlan): Promise<ThreadPlan> {
  let problem: string | undefined;
  // A failure in a helper's script arrives here as an uncaught error.
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    problem ??= `a thread could not be started (${event.message || 'its script did not load'})`;
  };
  self.addEventListener('error', onError);
  try {
    const begin = performance.now();
    while (!problem && engine.runningThreads < plan.count) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (performance.now() - begin > startTimeout) {
        problem = `the others did not start within ${startTimeout / 1000} seconds`;
      }
    }
  } finally {
    self.removeEventListener('error', onError);
  }
  if (!problem) return plan;
  engine.useThreads(1);
  return oneThread(problem);
}

function oneThread(reason: string): ThreadPlan {
  return { count: 1, reason, automatic: false };
}

/**
 * Multiply-adds for one picture, an estimate: with one prefix token and no head, and for a Swin Transformer as if all
 * stages were like the last.
 */
function estimatedWork(network: NativeConfig): number {
  const { imageHeight, imageWidth, patchHeight, patchWidth, hidden, layers, mlpHidden, windows } = network;
  const merges = Math.max(0, windows.stages.length / stageNumbers - 1);
  const tokens = ((imageHeight / patchHeight) * (imageWidth / patchWidth)) / 4 ** merges + 1;
  return tokens * layers * hidden * (4 * hidden + 2 * mlpHidden + 2 * tokens);
}

let sharing: { readonly problem: string | undefined } | undefined;

/**
 * Why this page cannot share memory with its workers; undefined when it can. Found out once, by trying: a page can be
 * cross-origin isolated without having shared memory, for instance where a permissions policy withholds it
 * (https://developer.mozilla.org/docs/Web/API/Window/crossOriginIsolated).
 */
function problemWithSharedMemory(): string | undefined {
  sharing ??= { problem: trySharingMemory() };
  return sharing.problem;
}

function trySharingMemory(): string | undefined {
  try {
    if (typeof SharedArrayBuffer !== 'function') throw new Error('SharedArrayBuffer is not available');
    // As large as the engine's may become, which takes addresses but no memory. Chromium keeps those until it collects
    // garbage, and has room for about a hundred such memories in a page with its workers, each 8 GB of 1 TB:
    // https://chromium.googlesource.com/v8/v8/+/main/src/sandbox/README.md.
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(memory);
    port1.close();
    port2.close();
    return undefined;
  } catch (error) {
    return globalThis.crossOriginIsolated
      ? `this browser isolates the page, but shares no memory with workers (${messageOf(error)})`
      : 'the page is not cross-origin isolated, which requires the headers ' +
          'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';
  }
}
