// A checkpoint's files → weights in an engine, through the cache where there is one.
import { CachedFiles } from '../cache/cache.js';
import { patientStore } from '../cache/patient-store.js';
import { inDtype } from '../checkpoint/dtype.js';
import { changed } from '../checkpoint/files/download-parts.js';
import { isOtherVersion } from '../checkpoint/files/http-answer.js';
import { isOpenClip } from '../checkpoint/files/model-files.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import { fill } from '../checkpoint/fill.js';
import { openCheckpoint, type Checkpoint } from '../checkpoint/open.js';
import { openTexts, type TextCheckpoint } from '../checkpoint/open-texts.js';
import type { Engine } from '../engine/engine.js';
import { chooseKernels, type KernelChoice } from '../engine/kernels.js';
import { startThreads, type ThreadPlan } from '../engine/threads.js';
import { hasCode, VitError } from '../errors.js';
import type { Variant } from '../types.js';
import type { SessionContext, SessionRequest } from './session-request.js';
import type { TextModel } from './text-model.js';

/** A checkpoint whose weights are in the engine. */
export interface LoadedModel {
  readonly engine: Engine;
  readonly checkpoint: Checkpoint;
  readonly threads: ThreadPlan;
  readonly kernels: KernelChoice;
  readonly kept: Promise<void>;
  /** See ModelInfo. */
  readonly weightsHash: string | undefined;
  /** The version of the file that holds the weights, as far as its server tells versions apart. */
  readonly version: string | undefined;
  /** For a text encoder. */
  readonly texts?: TextModel | undefined;
}

type ReadingContext = SessionContext & { readonly signal: AbortSignal };

/** Reads the checkpoint into the engine through the cache; when a cached file turns out to be damaged, downloads it. */
export async function readModel(
  request: SessionRequest,
  making: Promise<Engine>,
  context: ReadingContext,
  reload = context.isCacheEmpty ?? false,
): Promise<LoadedModel> {
  if (!context.store) return await read(request, making, context);
  const store = patientStore(context.store, { signal: context.signal, timeout: request.stallTimeout });
  store.catch(() => undefined); // reported where it is used
  const cached = new CachedFiles(
    context.open,
    store,
    request.files,
    reload,
    request.tokens ? 'texts' : 'pictures',
  );
  try {
    const loaded = await read(request, making, { ...context, open: cached.open });
    return { ...loaded, kept: cached.keep() };
  } catch (error) {
    // An aborted load says nothing about its files, nor does one with an image size that the model cannot have.
    const { signal } = context;
    const isOptions = request.imageSize && (hasCode(error, 'config') || hasCode(error, 'preprocessor'));
    const canHelp = await cached.drop(signal.aborted || isOptions ? undefined : error);
    if (!canHelp || signal.aborted) throw error;
    return await readModel(request, making, context, true);
  }
}

async function read(
  request: SessionRequest,
  making: Promise<Engine>,
  context: ReadingContext,
): Promise<LoadedModel> {
  const { dtype, files, integrity, variant } = request;
  // Closes everything that is being read, however the load ends.
  const stop = new AbortController();
  const follow = () => stop.abort(context.signal.reason);
  context.signal.addEventListener('abort', follow);
  try {
    const checking = making.then((engine) => engine.guard(() => checkVariant(engine, variant)));
    // Marks the rejection as handled, which may come before it is awaited.
    checking.catch(() => undefined);
    const reading = {
      ...context,
      open: wantsShare(request) ? headerFirst(context.open, files.weights) : context.open,
      signal: stop.signal,
      maxBytes: request.maxBytes,
      ...(integrity !== undefined &&
        (await context.rare()).withChecksum(context.open, files.weights, integrity)),
    };
    const opening = request.tokens ? openTexts(files, reading) : openCheckpoint(files, request, reading);
    const [engine, opened] = await Promise.all([making, opening, checking]);
    const checkpoint = inDtype(opened, dtype);
    const endChoice = engine.guard(() => {
      const type = checkpoint.network.int8 ? 'int8' : 'fp32';
      return chooseKernels(engine, type, request.kernels?.[type], stop.signal);
    });
    const texts = isOfTexts(opened)
      ? new (await context.rare()).TextModel(engine, opened, request.tokens ?? [], () =>
          openTexts(files, reading),
        )
      : undefined;
    const { version } = opened.weights;
    if (isOtherVersion(version, request.version)) throw changed(opened.weights.name);
    await texts?.prepare();
    const starting = startThreads(engine, request.threads, checkpoint.network);
    // Marks the rejection as handled: it is never awaited if filling fails, and disposing of the engine rejects it.
    starting.catch(() => undefined);
    const weightsHash = await fill(engine, checkpoint, reading, texts);
    const kept = Promise.resolve();
    const kernels = endChoice();
    return { engine, checkpoint, threads: await starting, kernels, kept, weightsHash, version, texts };
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    context.signal.removeEventListener('abort', follow);
  }
}

/**
 * Whether a load will probably skip a large part of its file: the tower that it does not need. Guessed by the name,
 * because waiting for config.json would cost every classifier a round trip. So does a wrong yes, and many classifiers are
 * named after SigLIP; a wrong no costs up to 4 MB, which arrive before the connection is closed.
 */
function wantsShare({ tokens, files }: SessionRequest): boolean {
  const isNamed = /clip|^google\/siglip/i.test(files.title) && !/timm/i.test(files.title);
  return tokens !== undefined || isOpenClip(files) || isNamed;
}

/** Opens the weights by a request for their first bytes, which in nearly all files are more than the header. */
function headerFirst(open: OpenFile, weights: string): OpenFile {
  return (location, name, signal) =>
    open(
      location.kind === 'url' && name === weights ? { ...location, firstBytes: 1 << 17 } : location,
      name,
      signal,
    );
}

function isOfTexts(checkpoint: Checkpoint | TextCheckpoint): checkpoint is TextCheckpoint {
  return 'table' in checkpoint;
}

/** Glue and WebAssembly of different builds may start together and fail later. */
function checkVariant(engine: Engine, chosen: Variant): void {
  if (engine.variant === chosen) return;
  throw new VitError(
    'wasm',
    `The WebAssembly module is the "${engine.variant}" build, not "${chosen}"; give the right one in \`wasm.variant\`.`,
  );
}
