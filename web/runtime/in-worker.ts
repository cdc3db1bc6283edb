import type { VitError } from '../errors.js';
import { trackPendingWrite } from '../cache/pending-writes.js';
import { limited } from '../patience.js';
import { unpackError, type Answer, type Reply, type Request, type WorkerPort } from './protocol.js';
import type { Picture } from '../pictures/decode.js';
import { ownBands, type Pixels } from '../pictures/pixels.js';
import { performCall, type CacheCall } from '../cache/remote-cache.js';
import type { Runner } from './runner.js';
import type { SessionRequest } from './session-request.js';
import type { LoadOptions, ModelCache, ModelInfo } from '../types.js';
import { buffersOfFiles, ownFiles } from './transfer.js';
import type { TextVectors } from './text-model.js';
import type { Verb, VerbOptions, VerbResult } from './verbs.js';
import { WorkerLife } from './worker-life.js';

type InWorkerOptions = Pick<LoadOptions, 'signal' | 'onProgress' | 'cache' | 'stallTimeout'> & {
  /** Whether the cache is known to be empty, by the time the worker has started; never rejects. */
  readonly isCacheEmpty?: Promise<boolean> | undefined;
  /** The address of the script with what few models need. */
  readonly rare?: string | undefined;
};

type Load = Extract<Request, { type: 'load' }>;
type Run = Extract<Request, { type: 'run' }>;
type Encode = Extract<Request, { type: 'encode' }>;

/** Milliseconds for finding out whether the cache is empty, which takes one or two. */
const longestLook = 1000;

/** Milliseconds that a worker whose model is disposed has to store its downloads. */
const longestKeep = 10_000;

interface PendingCall {
  readonly call: number;
  resolve(value: Answer): void;
  reject(error: unknown): void;
}

/** A model that runs in its own worker; ending the worker frees everything it had. */
export class InWorker implements Runner {
  readonly #port: WorkerPort;
  readonly #life: WorkerLife;
  #calls = 0;
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
    { onProgress, cache, stallTimeout }: InWorkerOptions,
  ) {
    this.#port = port;
    this.#life = new WorkerLife(port, hasThreads, (error) => this.#fail(error), stallTimeout);
    this.#onProgress = onProgress;
    this.#cache = typeof cache === 'object' ? cache : undefined;
    port.onmessage = ({ isTrusted, data }) => {
      // An event dispatched by a script did not come from the worker.
      if (isTrusted !== false) this.#receive(data);
    };
  }

  /** Starts a worker and loads the model into it. On any failure, or when the signal aborts, the worker is ended. */
  static async start(
    request: SessionRequest,
    spawn: () => WorkerPort | Promise<WorkerPort>,
    module: Promise<WebAssembly.Module>,
    options: InWorkerOptions,
  ): Promise<InWorker> {
    const { signal, onProgress, cache, isCacheEmpty, rare } = options;
    const runner = new InWorker(await spawn(), request.threads.count > 1, options);
    const stop = () => runner.#stop(signal?.reason);
    signal?.addEventListener('abort', stop);
    try {
      const files = ownFiles(request.files);
      const load = {
        type: 'load',
        lifeSign: runner.#life.sign,
        request: { ...request, files },
        module: await module,
        rare,
        cache:
          typeof cache === 'object' ? 'remote' : typeof cache === 'string' ? { name: cache } : cache === true,
        isCacheEmpty: await limited(Promise.resolve(isCacheEmpty ?? false), {
          signal,
          timeout: longestLook,
        }).catch(() => false),
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

  /**
   * Decoding in a worker needs an OffscreenCanvas, which Safari has since 16.4, as it has SIMD:
   * https://developer.mozilla.org/docs/Web/API/OffscreenCanvas#browser_compatibility.
   */
  readonly decodes = typeof OffscreenCanvas === 'function';

  get kept(): Promise<void> {
    return this.#kept;
  }

  get info(): ModelInfo {
    if (!this.#info) throw new Error('The model has not been loaded yet.');
    return this.#info;
  }

  take(image: Pixels): undefined {
    const { width, height } = image;
    this.#port.postMessage({ type: 'picture', width, height }, []);
    for (const rows of ownBands(image)) {
      this.#port.postMessage({ type: 'rows', rows }, [rows.buffer as ArrayBuffer]);
    }
  }

  async run<V extends Verb>(
    verb: V,
    picture: Picture | undefined,
    options: VerbOptions<V>,
  ): Promise<VerbResult<V>> {
    const encoded = picture && 'file' in picture ? picture : undefined;
    if (picture && 'bands' in picture) this.take(picture);
    return (await this.#post({ type: 'run', verb, options, encoded }, [])) as VerbResult<V>;
  }

  async encode(texts: readonly (readonly number[])[]): Promise<TextVectors> {
    return (await this.#post({ type: 'encode', texts }, [])) as TextVectors;
  }

  dispose(): void {
    this.#settle();
    this.#life.unwatch();
    if (!this.#info) return this.#life.end();
    // Its downloads are still being cached, and would be lost.
    const timer = setTimeout(this.#settleKept, longestKeep);
    void this.#kept.then(() => {
      clearTimeout(timer);
      this.#life.end();
    });
  }

  async #post(
    request: Omit<Load, 'call'> | Omit<Run, 'call'> | Omit<Encode, 'call'>,
    transfer: Transferable[],
  ): Promise<Answer> {
    const call = ++this.#calls;
    this.#life.watch();
    try {
      return await new Promise((resolve, reject) => {
        if (this.#life.failure) throw this.#life.failure;
        this.#pending = { call, resolve, reject };
        this.#port.postMessage({ ...request, call }, transfer);
      });
    } finally {
      this.#life.unwatch();
    }
  }

  #receive(reply: Reply): void {
    try {
      this.#take(reply);
    } catch {
      this.#life.stopped('it sent something that is not an answer');
    }
  }

  #take(reply: Reply): void {
    switch (reply.type) {
      case 'started':
        return this.#life.started(reply.isWatchable);
      case 'progress':
        if (typeof reply.progress !== 'object') throw new TypeError('no progress');
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
        if (typeof reply.value !== 'object' || reply.value === null) throw new TypeError('no value');
        if (reply.call === this.#pending?.call) this.#settle()?.resolve(reply.value);
        return;
      case 'failed': {
        const error = unpackError(reply.error);
        if (reply.call === undefined || reply.call === this.#pending?.call) this.#settle()?.reject(error);
        return;
      }
      case 'kept':
        this.#settleKept();
        return;
      case 'ended':
        return this.#life.ended();
      default:
        throw new TypeError('no such reply');
    }
  }

  async #answer(cache: ModelCache, call: CacheCall): Promise<void> {
    const answer = await performCall(cache, call);
    try {
      this.#port.postMessage({ type: 'cached', answer }, []);
    } catch {
      // A cache can return anything; the worker needs an answer in any case.
      this.#port.postMessage({ type: 'cached', answer: { id: answer.id, failed: true } }, []);
    }
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
