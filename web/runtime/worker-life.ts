import { VitError } from '../errors.js';
import type { Port, Reply, Request } from './protocol.js';

/** A worker as its page sees it. */
export interface WorkerPort extends Port<Request, Reply> {
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  terminate(): void;
  /** What the server has at the address of its script, in words; for when the script did not load. */
  explain?(): Promise<string>;
}

/** Milliseconds that a worker has to end its threads. */
const longestEnd = 200;

/** The life of a model's worker, from its start to its end or its failure. */
export class WorkerLife {
  readonly #port: WorkerPort;
  readonly #hasThreads: boolean;
  readonly #onFailure: (error: VitError) => void;
  #isLoaded = false;
  #failure: VitError | undefined;

  /** `hasThreads`: whether the worker may start threads. `onFailure` is called when it stops by itself. */
  constructor(port: WorkerPort, hasThreads: boolean, onFailure: (error: VitError) => void) {
    this.#port = port;
    this.#hasThreads = hasThreads;
    this.#onFailure = onFailure;
    port.onerror = ({ message }) =>
      this.#isLoaded ? this.#stopped(message) : void this.#neverStarted(message);
    port.onmessageerror = () => this.#stopped('it sent something that could not be read');
  }

  /** Why there is no worker any more. */
  get failure(): VitError | undefined {
    return this.#failure;
  }

  /** The model was loaded: errors from now on are not those of a script that did not start. */
  loaded(): void {
    this.#isLoaded = true;
  }

  /**
   * Ends the worker. It first gets 200 ms to end its threads, because Chromium leaves a worker that is not idle two more
   * seconds: https://source.chromium.org/search?q=kForcibleTerminationDelay. A worker that is busy is ended anyway.
   */
  end(): void {
    if (!this.#hasThreads) return this.#port.terminate();
    this.#port.postMessage({ type: 'end' }, []);
    setTimeout(() => this.#port.terminate(), longestEnd);
  }

  #stopped(what: string): void {
    this.#fail(`The model's worker stopped (${what}); load the model again.`);
  }

  /** Browsers give no reason when a script could not be loaded. */
  async #neverStarted(message: string): Promise<void> {
    this.#port.terminate();
    const found = message || ((await this.#port.explain?.()) ?? 'its script did not load');
    this.#fail(
      `The model's worker did not start: ${found}. Keep bundlers from moving vit-wasm away from its files (Vite: ` +
        'optimizeDeps.exclude), import from "vit-wasm/inline", which contains the worker, give the address of ' +
        'worker.<variant>.js with `worker: { url }`, or run without a worker: `worker: false`.',
    );
  }

  #fail(message: string): void {
    this.#port.terminate();
    this.#failure = new VitError('worker', message);
    this.#onFailure(this.#failure);
  }
}
