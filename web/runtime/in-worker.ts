import type { FileLocation, ModelFiles } from '../checkpoint/files/model-files.js';
import { VitError } from '../errors.js';
import { trackPendingWrite } from '../cache/pending-writes.js';
import { unpackError, type Port, type Reply, type Request } from './protocol.js';
import { ownBands, type Pixels } from '../pictures/pixels.js';
import { performCall, type CacheCall } from '../cache/remote-cache.js';
import type { Runner } from './runner.js';
import type { SessionRequest } from './session-request.js';
import type { LoadOptions, ModelCache, ModelInfo } from '../types.js';
import type { Verb, VerbOptions, VerbResult } from './verbs.js';

/** What a page sees of a worker. */
export interface WorkerPort extends Port<Request, Reply> {
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  terminate(): void;
  /** What is at the address of its script, in words; for when that did not load. */
  explain?(): Promise<string>;
}

type InWorkerOptions = Pick<LoadOptions, 'signal' | 'onProgress' | 'cache'> & {
  /** Whether nothing is in the cache, as far as that is known by the time the worker is there; never rejects. */
  readonly isCacheEmpty?: Promise<boolean> | undefined;
};

/** Milliseconds that a worker has to end its threads. */
const longestEnd = 200;
/** Milliseconds that one has, after its end was asked for, to store what it has downloaded. */
const longestKeep = 10_000;

interface PendingCall {
  resolve(value: ModelInfo | VerbResult<Verb>): void;
  reject(error: unknown): void;
}

/** A model that runs in a worker of its own; ending the worker frees everything it had. */
export class InWorker implements Runner {
  readonly #port: WorkerPort;
  #pending: PendingCall | undefined;
  #onProgress: LoadOptions['onProgress'];
  readonly #cache: ModelCache | undefined;
  #info: ModelInfo | undefined;
  #death: VitError | undefined;
  #settleKept: () => void = () => undefined;
  /** Settles once what was downloaded is kept, or cannot be. */
  readonly #kept = new Promise<void>((resolve) => (this.#settleKept = resolve));
  /** Whether the worker may have started threads. */
  readonly #threaded: boolean;

  private constructor(
    port: WorkerPort,
    threaded: boolean,
    onProgress: LoadOptions['onProgress'],
    cache: ModelCache | undefined,
  ) {
    this.#port = port;
    this.#threaded = threaded;
    this.#onProgress = onProgress;
    this.#cache = cache;
    port.onmessage = ({ data }) => this.#receive(data);
    port.onerror = ({ message }) => (this.#info ? this.#die(message) : void this.#dieUnstarted(message));
    port.onmessageerror = () => this.#die('it sent something that could not be read');
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
      runner.#info = (await runner.#post(load, buffersOf(files))) as ModelInfo;
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
    if (!this.#info) return this.#end();
    // What it has downloaded would have to be downloaded again.
    const timer = setTimeout(this.#settleKept, longestKeep);
    void this.#kept.then(() => {
      clearTimeout(timer);
      this.#end();
    });
  }

  #post(request: Request, transfer: Transferable[]): Promise<ModelInfo | VerbResult<Verb>> {
    return new Promise((resolve, reject) => {
      if (this.#death) throw this.#death;
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

  /** Ends the worker in the middle of loading. */
  #stop(reason: unknown): void {
    this.#end();
    this.#onProgress = undefined;
    this.#settle()?.reject(reason);
  }

  /**
   * Ends the worker. It is asked to end its threads first: Chromium takes two seconds over ending one that sleeps. One
   * that is busy is not waited for.
   */
  #end(): void {
    if (!this.#threaded) return this.#port.terminate();
    this.#port.postMessage({ type: 'end' }, []);
    setTimeout(() => this.#port.terminate(), longestEnd);
  }

  #die(what: string): void {
    this.#fail(`The model's worker stopped (${what}); load the model again.`);
  }

  /** Of a script that could not be loaded, the browser's message says nothing. */
  async #dieUnstarted(message: string): Promise<void> {
    this.#port.terminate();
    const found = message || ((await this.#port.explain?.()) ?? 'its script did not load');
    this.#fail(
      `The model's worker did not start: ${found}. Keep bundlers from moving vit-wasm away from its files (Vite: ` +
        'optimizeDeps.exclude), import from "vit-wasm/inline", which has it inside, say where worker.<variant>.js is ' +
        'with `worker: { url }`, or do without it with `worker: false`.',
    );
  }

  #fail(message: string): void {
    this.#port.terminate();
    this.#death = new VitError('worker', message);
    this.#settleKept();
    this.#settle()?.reject(this.#death);
  }
}

/** The same files with bytes that are ours to move: the caller's are copied, never taken. */
function ownFiles(files: ModelFiles): ModelFiles {
  if (!files.listed) return files;
  const own = ([name, location]: [string, FileLocation]): [string, FileLocation] =>
    location.kind === 'bytes' && location.bytes instanceof Uint8Array
      ? [name, { kind: 'bytes', bytes: new Uint8Array(location.bytes) }]
      : [name, location];
  return { ...files, listed: Object.fromEntries(Object.entries(files.listed).map(own)) };
}

function buffersOf(files: ModelFiles): Transferable[] {
  return Object.values(files.listed ?? {}).flatMap((location) =>
    location.kind === 'bytes' && location.bytes instanceof Uint8Array
      ? [location.bytes.buffer as ArrayBuffer]
      : [],
  );
}
