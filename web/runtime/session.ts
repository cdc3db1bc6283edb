import { describe } from '../checkpoint/describe.js';
import type { NativeConfig } from '../engine/bindings.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import type { Engine } from '../engine/engine.js';
import type { ModelInfo } from '../types.js';
import { readModel } from './read-model.js';
import type { TextModel } from './text-model.js';
import type { WordClasses } from './word-classes.js';
import type { SessionContext, SessionRequest } from './session-request.js';

/** A loaded model where it runs: what verbs work on. */
export interface Session {
  readonly engine: Engine;
  readonly network: NativeConfig;
  readonly info: ModelInfo;
  /** Of a text encoder. */
  readonly texts: TextModel | undefined;
  /** The classes that were given in words, of a model that can be given some. */
  classes?: WordClasses | undefined;
  /** Resolves, and never rejects, once downloads are in the cache or cannot be. */
  readonly kept: Promise<void>;
}

/**
 * Loads a model into an engine that is being made meanwhile. On any failure, or when the signal aborts, the engine is
 * disposed of and every file closed.
 */
export async function openSession(
  request: SessionRequest,
  making: Promise<Engine>,
  context: SessionContext,
): Promise<Session> {
  const { signal = new AbortController().signal } = context;
  try {
    const { engine, checkpoint, threads, kernels, kept, weightsHash, version, texts } = await readModel(
      request,
      making,
      {
        ...context,
        open: patient(context.open, request.stallTimeout),
        signal,
      },
    );
    signal.throwIfAborted();
    const { network } = checkpoint;
    const info: ModelInfo = {
      source: request.files.source ?? request.files.title,
      ...describe(checkpoint),
      dtype: network.int8 ? 'int8' : 'fp32',
      revision: request.files.revision,
      weightsHash,
      weightsVersion: version,
      variant: request.variant,
      threads: threads.count,
      threadsReason: threads.reason,
      kernels: kernels.name,
      kernelsReason: kernels.reason,
      kernelsMeasured: kernels.measured,
      memoryBytes: engine.guard(() => engine.memoryBytes),
    };
    return { engine, network, info, kept, texts };
  } catch (error) {
    // The engine may be ready only after the load has failed.
    void making.then(
      (engine) => engine.dispose(),
      () => undefined,
    );
    throw signal.aborted ? signal.reason : error;
  }
}

/** Limits how long downloads wait for a connection that brings nothing. */
function patient(open: OpenFile, stallTimeout: number | undefined): OpenFile {
  return (location, name, signal) =>
    open(location.kind === 'url' ? { ...location, stallTimeout } : location, name, signal);
}
