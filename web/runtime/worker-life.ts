import { VitError } from '../errors.js';
import { defaultStallTimeout, limited } from '../patience.js';
import { lifeSignName, showsLife } from './life-sign.js';
import type { WorkerPort } from './protocol.js';

/** Milliseconds that a worker has to end its threads. */
const longestEnd = 200;

/** Milliseconds for finding out why a worker did not start. */
const longestExplanation = 5000;

/** Milliseconds between two looks at a worker that has not answered yet. */
const betweenLooks = 1000;

/** Looks in a row without a life sign after which a worker counts as gone: it may not have read the request yet. */
const looksWithoutLife = 3;

/** The life of a model's worker, from its start to its end or its failure. */
export class WorkerLife {
  /** The lock that the worker is to hold while it works. */
  readonly sign = lifeSignName();
  readonly #port: WorkerPort;
  readonly #hasThreads: boolean;
  readonly #onFailure: (error: VitError) => void;
  readonly #startTimeout: number;
  /** Whether the worker holds the lock; undefined until it has started. */
  #isWatchable: boolean | undefined;
  #isLoaded = false;
  #isEnding = false;
  #failure: VitError | undefined;
  #watching: ReturnType<typeof setInterval> | undefined;

  /**
   * `hasThreads`: whether the worker may start threads. `onFailure` is called when it stops unexpectedly.
   * `startTimeout`: milliseconds within which its script has to run.
   */
  constructor(
    port: WorkerPort,
    hasThreads: boolean,
    onFailure: (error: VitError) => void,
    startTimeout = defaultStallTimeout,
  ) {
    this.#port = port;
    this.#hasThreads = hasThreads;
    this.#onFailure = onFailure;
    this.#startTimeout = startTimeout;
    port.onerror = ({ message }) =>
      this.#isLoaded ? this.stopped(message) : void this.#neverStarted(message);
    port.onmessageerror = () => this.stopped('it sent something that could not be read');
  }

  /** Why the worker has stopped. */
  get failure(): VitError | undefined {
    return this.#failure;
  }

  /** The worker's script is running. */
  started(isWatchable: boolean): void {
    this.#isWatchable = isWatchable;
  }

  /** The model was loaded: from now on, errors are not those of a script that failed to start. */
  loaded(): void {
    this.#isLoaded = true;
  }

  /**
   * Ends the worker. It first gets 200 ms to end its threads, because Chromium gives a worker that is not idle two more
   * seconds: https://source.chromium.org/search?q=kForcibleTerminationDelay. A busy worker is terminated anyway.
   */
  end(): void {
    this.#isEnding = true;
    this.unwatch();
    if (!this.#hasThreads) return this.#port.terminate();
    this.#port.postMessage({ type: 'end' }, []);
    setTimeout(() => this.#port.terminate(), longestEnd);
  }

  /** The worker has ended: on request, or unexpectedly. */
  ended(): void {
    if (this.#isEnding) this.#port.terminate();
    else this.stopped('it ended unexpectedly');
  }

  /** Watches a worker that has a request to answer. */
  watch(): void {
    let looks = 0;
    let withoutLife = 0;
    const look = async () => {
      looks++;
      if (this.#isWatchable === undefined) {
        if (looks * betweenLooks < this.#startTimeout) return;
        this.unwatch();
        return this.#neverStarted(`nothing arrived from it for ${looks} s`);
      }
      const isAlive = !this.#isWatchable || (await showsLife(this.sign));
      withoutLife = isAlive ? 0 : withoutLife + 1;
      // It may have answered in the meantime.
      if (withoutLife >= looksWithoutLife && timer === this.#watching) this.stopped('it was ended');
    };
    const timer = setInterval(() => void look(), betweenLooks);
    this.#watching = timer;
  }

  unwatch(): void {
    clearInterval(this.#watching);
    this.#watching = undefined;
  }

  /** Gives up a worker that stopped, or that can no longer be trusted. */
  stopped(what: string): void {
    this.#fail(`The model's worker stopped (${what}); load the model again.`);
  }

  /**
   * Browsers give no reason when a script could not be loaded: the event has no message
   * (https://html.spec.whatwg.org/multipage/workers.html#run-a-worker).
   */
  async #neverStarted(message: string): Promise<void> {
    this.#port.terminate();
    const unknown = 'its script did not load';
    const explain = async () => (await this.#port.explain?.()) ?? unknown;
    const found = message || (await limited(explain(), { timeout: longestExplanation }).catch(() => unknown));
    this.#fail(
      `The model's worker did not start: ${found}. Keep bundlers from moving vit-wasm away from its files (Vite: ` +
        'optimizeDeps.exclude), import from "vit-wasm/inline", which contains the worker, give the address of ' +
        'worker.<variant>.js with `worker: { url }`, or run without a worker: `worker: false`.',
    );
  }

  #fail(message: string): void {
    if (this.#failure) return;
    this.unwatch();
    this.#port.terminate();
    this.#failure = new VitError('worker', message);
    this.#onFailure(this.#failure);
  }
}
