import type { VitError } from '../errors.js';
import { trackPendingWrite } from '../cache/pending-writes.js';
import { unpackError, type Reply, type Request } from './protocol.js';
import { ownBands, type Pixels } from '../pictures/pixels.js';
import { performCall, type CacheCall } from '../cache/remote-cache.js';
import type { Runner } from './runner.js';
import type { SessionRequest } from './session-request.js';
import type { LoadOptions, ModelCache, ModelInfo } from '../types.js';
import { buffersOfFiles, ownFiles } from './transfer.js';
import type { Verb, VerbOptions, VerbResult } from './verbs.js';
import { WorkerLife, type WorkerPort } from './worker-life.js';

type InWorkerOptions = Pick<LoadOptions, 'signal' | 'onProgress' | 'cache'> & {
  /** Whether the cache is known to be empty by the time the worker has started; never rejects. */
  readonly isCacheEmpty?: Promise<boolean> | undefined;
};

/** Milliseconds that a worker whose model is disposed of has to store what it has downloaded. */
const longestKeep = 10_000;

interface PendingCall {
  resolve(value: ModelInfo | VerbResult<Verb>): void;
  reject(error: unknown): void;
}

/** A model that runs in a worker of its own; ending the worker frees everything it had. */
export class InWorker implements Runner {
  readonly #port: WorkerPort;
  readonly #life: WorkerLife;
  #pending: PendingCall | undefined;
  #onProgress: LoadOptions['onProgress'];
  readonly #cache: ModelCache | undefined;
  #info: ModelInfo | undefined;
  #settleKept: () => void = () => undefined;
  /** Resolves once downloads are in the cache, or cannot be. */
  readonly #kept = new Promise<void>((resolve) => (this.#settleKept = resolve));

  private constructor(
    port: WorkerPort,
    hasThreads: boolean,
    onProgress: LoadOptions['onProgress'],
    cache: ModelCache | undefined,
  ) {
    this.#port = port;
    this.#life = new WorkerLife(port, hasThreads, (error) => this.#fail(error));
    this.#onProgress = onProgress;
    this.#cache = cache;
    port.onmessage = ({ data }) => this.#receive(data);
  }

  /** Starts a worker and loads the model into it. On any failure, or when the signal aborts, the worker is ended. */
  static async start(
    request: SessionRequest,
    spawn: () => WorkerPort | Promise<WorkerPort>,
    module: Promise<WebAssembly.Module>,
    { signal, onProgress, cache, isCacheEmpty }: InWorkerOptions,
  ): Promise<InWorker> {
    const ownCache = typeof cache === 'object' ? cache : undefined;
    const runner = new InWorker(await spawn(), request.threads.count > 1, onProgress, ownCache);
    const stop = () => runner.#stop(signal?.reason);
    signal?.addEventListener('abort', stop);
    try {
      const files = ownFiles(request.files);
      const load = {
        type: 'load',
        request: { ...request, files },
        module: await module,
        cache:
          typeof cache === 'object' ? 'remote' : typeof cache === 'string' ? { name: cache } : cache === true,
        isCacheEmpty: (await isCacheEmpty) ?? false,
        progress: onProgress !== undefined,
      } as const;
      signal?.throwIfAborted();
      runner.#info = (await runner.#post(load, buffersOfFiles(files))) as ModelInfo;
      runner.#life.loaded();
      trackPendingWrite(runner.#kept);
      return runner;
    } catch (error) {
      runner.dispose();
      throw error;
    } finally {
      runner.#onProgress = undefined;
      signal?.removeEventListener('abort', stop);
    }
  }

  get info(): ModelInfo {
    if (!this.#info) throw new Error('The model has not been loaded yet.');
    return this.#info;
  }

  async run<V extends Verb>(verb: V, image: Pixels, options: VerbOptions<V>): Promise<VerbResult<V>> {
    const { width, height } = image;
    this.#port.postMessage({ type: 'picture', width, height }, []);
    for (const rows of ownBands(image)) {
      this.#port.postMessage({ type: 'rows', rows }, [rows.buffer as ArrayBuffer]);
    }
    return (await this.#post({ type: 'run', verb, options }, [])) as VerbResult<V>;
  }

  dispose(): void {
    this.#pending = undefined;
    if (!this.#info) return this.#life.end();
    // Its downloads are still being cached, and would be lost.
    const timer = setTimeout(this.#settleKept, longestKeep);
    void this.#kept.then(() => {
      clearTimeout(timer);
      this.#life.end();
    });
  }

  #post(request: Request, transfer: Transferable[]): Promise<ModelInfo | VerbResult<Verb>> {
    return new Promise((resolve, reject) => {
      if (this.#life.failure) throw this.#life.failure;
      this.#pending = { resolve, reject };
      this.#port.postMessage(request, transfer);
    });
  }

  #receive(reply: Reply): void {
    switch (reply.type) {
      case 'progress':
        try {
          this.#onProgress?.(reply.progress);
        } catch (error) {
          this.#stop(error);
        }
        return;
      case 'cache':
        if (this.#cache) void this.#answer(this.#cache, reply.call);
        return;
      case 'done':
        this.#settle()?.resolve(reply.value);
        return;
      case 'failed':
        this.#settle()?.reject(unpackError(reply.error));
        return;
      case 'kept':
        this.#settleKept();
        return;
      case 'ended':
        this.#port.terminate();
    }
  }

  async #answer(cache: ModelCache, call: CacheCall): Promise<void> {
    const answer = await performCall(cache, call);
    this.#port.postMessage({ type: 'cached', answer }, []);
  }

  #settle(): PendingCall | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  /** Ends the worker during the load. */
  #stop(reason: unknown): void {
    this.#life.end();
    this.#onProgress = undefined;
    this.#settle()?.reject(reason);
  }

  #fail(error: VitError): void {
    this.#settleKept();
    this.#settle()?.reject(error);
  }
}
