import { CachedFiles, type FileStore } from '../cache/cache.js';
import {
  openCheckpoint,
  type Checkpoint,
  type CheckpointOptions,
  type ReadContext,
} from '../checkpoint/open.js';
import type { ModelFiles } from '../checkpoint/files/model-files.js';
import { inDtype } from '../checkpoint/dtype.js';
import { fill } from '../checkpoint/fill.js';
import { verifying } from '../checkpoint/files/integrity.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import type { Engine } from '../engine/engine.js';
import { VitError, type VitErrorCode } from '../errors.js';
import { chooseKernels, type KernelChoice } from '../engine/kernels.js';
import type { NativeConfig } from '../engine/bindings.js';
import { startThreads, type ThreadPlan } from '../engine/threads.js';
import type { Dtype, ModelInfo, Variant } from '../types.js';

/** A loaded model where it runs: what verbs work on. */
export interface Session {
  readonly engine: Engine;
  readonly network: NativeConfig;
  readonly info: ModelInfo;
  /** Settles, never with an error, once what was downloaded is kept or cannot be. */
  readonly kept: Promise<void>;
}

/** What to load, as plain data that can be posted to a worker. */
export interface SessionRequest extends CheckpointOptions {
  readonly files: ModelFiles;
  /** The build that was chosen. */
  readonly variant: Variant;
  /** Default: the file's own. */
  readonly dtype?: Dtype | undefined;
  /** The SHA-256 that the weights must have. */
  readonly integrity?: string | undefined;
  /** How many bytes a file may have; see LoadOptions. */
  readonly maxBytes?: number | undefined;
  readonly threads: ThreadPlan;
  /** Asked for, or found out for an earlier model. */
  readonly kernels?: KernelChoice | undefined;
}

/** What loading needs besides the request. */
export type SessionContext = Omit<ReadContext, 'signal'> & {
  readonly signal?: AbortSignal | undefined;
  /** Where downloads are kept, if anywhere. */
  readonly store?: Promise<FileStore> | undefined;
  /** Whether it is known that nothing is kept there. */
  readonly isCacheEmpty?: boolean;
};

/**
 * Loads a model into an engine that is being made meanwhile. On any failure, or when the signal aborts, the engine is
 * disposed of and every file let go.
 */
export async function openSession(
  request: SessionRequest,
  making: Promise<Engine>,
  context: SessionContext,
): Promise<Session> {
  const { signal = new AbortController().signal } = context;
  try {
    const { engine, checkpoint, threads, kernels, kept } = await readThrough(request, making, {
      ...context,
      signal,
    });
    signal.throwIfAborted();
    const { modelType, network, labels } = checkpoint;
    const info: ModelInfo = {
      modelType,
      imageSize: { height: network.imageHeight, width: network.imageWidth },
      patchSize: { height: network.patchHeight, width: network.patchWidth },
      layers: network.layers,
      heads: network.heads,
      hidden: network.hidden,
      classes: network.classes,
      labels,
      dtype: network.int8 ? 'int8' : 'fp32',
      variant: request.variant,
      threads: threads.count,
      threadsReason: threads.reason,
      kernels: kernels.name,
      kernelsReason: kernels.reason,
      memoryBytes: engine.guard(() => engine.memoryBytes),
    };
    return { engine, network, info, kept };
  } catch (error) {
    // The engine may come into being only after the load has failed.
    void making.then(
      (engine) => engine.dispose(),
      () => undefined,
    );
    throw signal.aborted ? signal.reason : error;
  }
}

/** What a damaged file of a model can fail with. */
const damage: readonly VitErrorCode[] = [
  'config',
  'html',
  'integrity',
  'malformed-archive',
  'not-safetensors',
  'preprocessor',
  'tensors',
  'truncated',
  'unreadable',
  'unsupported-format',
];

interface Loaded {
  readonly engine: Engine;
  readonly checkpoint: Checkpoint;
  readonly threads: ThreadPlan;
  readonly kernels: KernelChoice;
  readonly kept: Promise<void>;
}

/** Reads the checkpoint into the engine through the cache; when what was kept turns out damaged, downloads it. */
async function readThrough(
  request: SessionRequest,
  making: Promise<Engine>,
  context: SessionContext & ReadContext,
  reload = context.isCacheEmpty ?? false,
): Promise<Loaded> {
  const { store } = context;
  if (!store) return await read(request, making, context);
  const cached = new CachedFiles(context.open, store, request.files, reload);
  try {
    const loaded = await read(request, making, { ...context, open: cached.open });
    return { ...loaded, kept: cached.keep() };
  } catch (error) {
    await cached.drop();
    const damaged = error instanceof VitError && damage.includes(error.code);
    if (!damaged || !cached.usedStore || context.signal.aborted) throw error;
    return await readThrough(request, making, context, true);
  }
}

async function read(request: SessionRequest, making: Promise<Engine>, context: ReadContext): Promise<Loaded> {
  const { dtype, files, integrity, variant } = request;
  // One way to let go of everything that is being read, whoever ends it.
  const stop = new AbortController();
  const follow = () => stop.abort(context.signal.reason);
  context.signal.addEventListener('abort', follow);
  const reading = {
    ...context,
    signal: stop.signal,
    maxBytes: request.maxBytes,
    ...(integrity !== undefined && whole(verifying(context.open, files.weights, integrity))),
  };
  try {
    const choosing = making.then((engine) => {
      engine.guard(() => checkVariant(engine, variant));
      return engine.guard(() => chooseKernels(engine, request.kernels, stop.signal));
    });
    const [engine, endChoice, opened] = await Promise.all([
      making,
      choosing,
      openCheckpoint(files, request, reading),
    ]);
    const checkpoint = inDtype(opened, dtype);
    const starting = startThreads(engine, request.threads, checkpoint.network);
    await fill(engine, checkpoint, reading);
    const kept = Promise.resolve();
    return { engine, checkpoint, threads: await starting, kernels: endChoice(), kept };
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    context.signal.removeEventListener('abort', follow);
  }
}

/** Has every file read from front to end: what is looked into here and there has no checksum. */
export function whole(open: OpenFile): Pick<ReadContext, 'open' | 'bytesAt' | 'inOneFile'> {
  return { open, bytesAt: () => Promise.resolve(undefined), inOneFile: true };
}

/** Glue and WebAssembly of different builds may seem to get on and then go wrong. */
function checkVariant(engine: Engine, chosen: Variant): void {
  if (engine.variant === chosen) return;
  throw new VitError(
    'wasm',
    `The WebAssembly module is the "${engine.variant}" build, not "${chosen}"; name the right one in \`wasm.variant\`.`,
  );
}
