import { openCheckpoint, type ReadContext } from './checkpoint/open.js';
import type { ModelFiles } from './checkpoint/files.js';
import { fill } from './checkpoint/fill.js';
import type { Engine } from './engine.js';
import { VitError } from './errors.js';
import type { NativeConfig } from './module.js';
import type { ModelInfo, Size, Variant } from './types.js';

/** A loaded model where it runs: what verbs work on. */
export interface Session {
  readonly engine: Engine;
  readonly network: NativeConfig;
  readonly info: ModelInfo;
}

/** What to load, as plain data that can be posted to a worker. */
export interface SessionRequest {
  readonly files: ModelFiles;
  /** The build that was chosen. */
  readonly variant: Variant;
  /** Instead of the checkpoint's own. */
  readonly labels?: readonly string[] | undefined;
  /** Instead of the size the model was trained for. */
  readonly imageSize?: Size | undefined;
  /** Why there is one thread; see ModelInfo. */
  readonly threadsReason: string;
}

/**
 * Loads a model into an engine that is being made meanwhile. On any failure, or when the signal aborts, the engine is
 * disposed of and every file let go.
 */
export async function openSession(
  request: SessionRequest,
  making: Promise<Engine>,
  context: Omit<ReadContext, 'signal'> & { readonly signal?: AbortSignal | undefined },
): Promise<Session> {
  // One way to stop everything this load has begun, whoever ends it.
  const stop = new AbortController();
  const follow = () => stop.abort(context.signal?.reason);
  if (context.signal?.aborted) follow();
  context.signal?.addEventListener('abort', follow);
  const reading = { ...context, signal: stop.signal };
  try {
    const [engine, checkpoint] = await Promise.all([making, openCheckpoint(request.files, request, reading)]);
    checkVariant(engine, request.variant);
    await fill(engine, checkpoint, reading);
    stop.signal.throwIfAborted();
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
      dtype: 'fp32',
      variant: request.variant,
      threads: 1,
      threadsReason: request.threadsReason,
      memoryBytes: engine.memoryBytes,
    };
    return { engine, network, info };
  } catch (error) {
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
    stop.abort(reason);
    // The engine may come into being only after the load has failed.
    void making.then(
      (engine) => engine.dispose(),
      () => undefined,
    );
    throw reason;
  } finally {
    context.signal?.removeEventListener('abort', follow);
  }
}

/** Glue and WebAssembly of different builds may seem to get on and then go wrong. */
function checkVariant(engine: Engine, chosen: Variant): void {
  if (engine.variant === chosen) return;
  throw new VitError(
    'wasm',
    `The WebAssembly module is the "${engine.variant}" build, not "${chosen}"; name the right one in \`wasm.variant\`.`,
  );
}
