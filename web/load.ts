import { filesDropped } from './checkpoint/files/dropped.js';
import { isDownloaded, type ModelFiles } from './checkpoint/files/model-files.js';
import type { OpenFile } from './checkpoint/files/source.js';
import { locateModel } from './checkpoint/locate.js';
import { VitError } from './errors.js';
import { InWorker } from './runtime/in-worker.js';
import { openOrOthers } from './runtime/or-others.js';
import { knownKernels, rememberKernels } from './engine/kernels.js';
import { Model } from './model.js';
import { loadProgress, type LoadProgress } from './load-progress.js';
import { limited } from './patience.js';
import { originOf, type Origin } from './origin.js';
import { areVectors, checkLoadOptions, rgbOf, sizeOf } from './options.js';
import { storeOf } from './cache/custom-cache.js';
import type { Platform } from './platform/platform.js';
import type { Runner } from './runtime/runner.js';
import { planThreads } from './engine/threads.js';
import type { SessionRequest } from './runtime/session-request.js';
import type { Instructions, LabelVectors, LoadOptions, ModelCache, ModelLocation, Variant } from './types.js';
import type { WordsContext } from './words/words.js';
import { chooseVariant } from './engine/variant.js';

/** `load`, for all entries, which pass what differs between platforms. */
export async function loadModel<Label extends string>(
  platform: Platform,
  model: ModelLocation | undefined,
  options: LoadOptions,
): Promise<Model<Label>> {
  checkLoadOptions(options);
  const background = options.background === undefined ? undefined : rgbOf(options.background);
  options.signal?.throwIfAborted();
  const progress = loadProgress(options.onProgress);
  try {
    const { runner, words, origin } = await start(platform, model, options, progress);
    rememberKernels(runner.info);
    const loaded = new Model<Label>(runner, background, words, origin);
    const { labels, template, signal } = options;
    if (labels === undefined || !(runner.info.words || areVectors(labels))) return loaded;
    try {
      const words = labels as readonly string[] | LabelVectors;
      await loaded.setLabels(words, areVectors(labels) ? { signal } : { template, signal });
    } catch (error) {
      loaded.dispose();
      throw error;
    }
    return loaded;
  } catch (error) {
    // An abort can surface as many errors; its own reason takes precedence.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    progress.end();
  }
}

async function startWith(
  platform: Platform,
  files: ModelFiles,
  options: LoadOptions,
  progress: LoadProgress,
): Promise<Started> {
  const { signal, wasm, maxBytes, stallTimeout, worker = platform.spawn !== undefined } = options;
  const { spawn } = platform;
  if (worker && !spawn) {
    throw new VitError(
      'unsupported-option',
      'Outside a browser, models run in the calling thread; omit `worker`.',
    );
  }
  const obstacle = worker ? undefined : 'a model in the calling thread uses only that thread';
  const threads = planThreads(options, platform.threadsObstacle ?? obstacle);
  const variant = chooseVariant(wasm?.variant ?? options.variant, threads.count);
  const labels = areVectors(options.labels) ? undefined : (options.labels ?? files.labels);
  const { dtype, preprocess, imageSize } = options;
  const request = {
    files,
    variant,
    dtype,
    labels,
    preprocess,
    imageSize: sizeOf(imageSize),
    integrity: options.integrity,
    threads,
    kernels: knownKernels(options.kernels, variant),
    maxBytes,
    stallTimeout,
  };
  const cache = cacheFor(files, options);
  const module = quietly(platform.compile(variant, wasm, { signal, timeout: stallTimeout }));
  const launch = launcher(platform, variant, module, { ...options, cache, worker });
  const runner = await launch(request, { ...options, onProgress: progress.report });
  const words: WordsContext = {
    files,
    info: runner.info,
    open: platform.open,
    checked: (open) => verifying(open, files.weights, options.integrity),
    store: () => storeOf(cache, platform.store),
    stallTimeout,
    keep: options.keepTextEncoder ?? false,
    start: async (tokens, stop) => {
      // The weights file has both towers, so what has been downloaded already serves this one, too.
      await limited(runner.kept, { signal: stop, timeout: longestKeep }).catch(() => stop?.throwIfAborted());
      const again = {
        ...request,
        tokens,
        version: runner.info.weightsVersion,
        kernels: knownKernels(options.kernels, variant),
      };
      progress.next();
      return launch(again, { ...options, onProgress: progress.report, signal: stop });
    },
  };
  const isAltered = (options.imageSize ?? options.preprocess) !== undefined;
  const origin = originOf(files, platform, () => storeOf(cache, platform.store), isAltered);
  return { runner, words, origin };
}

/** Launches a model; if its folder has no model.safetensors, with other files that are the same model. */
async function start(
  platform: Platform,
  model: ModelLocation | undefined,
  options: LoadOptions,
  progress: LoadProgress,
): Promise<Started> {
  return await openOrOthers(
    await filesOf(platform, model, options),
    (files) => searchOthers(files, platform, options),
    (files) => startWith(platform, files, options, progress),
  );
}

/** Opens files that have to have checksums, where some are given; what compares them is fetched then. */
function verifying(open: OpenFile, weights: string, integrity: LoadOptions['integrity']): OpenFile {
  if (integrity === undefined) return open;
  return async (...file) => {
    const { withChecksum } = await import('./platform/in-page.js');
    return await (withChecksum(open, weights, integrity)?.open ?? open)(...file);
  };
}

async function searchOthers(files: ModelFiles, { open, store }: Platform, options: LoadOptions) {
  const { otherFiles } = await import('./platform/in-page.js');
  return await otherFiles(files, open, storeOf(cacheFor(files, options), store), options.signal);
}

interface Started {
  readonly runner: Runner;
  readonly words: WordsContext;
  readonly origin: Origin;
}

/** Milliseconds that the text encoder waits until the load's downloads are in the cache. */
const longestKeep = 60_000;

/** Starts a runner in a worker, or in this thread. */
type Launch = (
  request: SessionRequest,
  options: Pick<LoadOptions, 'signal' | 'onProgress' | 'stallTimeout'>,
) => Promise<Runner>;

function launcher(
  platform: Platform,
  variant: Variant,
  module: Promise<WebAssembly.Module>,
  { cache, worker }: Pick<LoadOptions, 'cache' | 'worker'>,
): Launch {
  const { spawn } = platform;
  if (worker && spawn) {
    const url = typeof worker === 'object' ? worker.url : undefined;
    const isBrowsers = cache !== undefined && cache !== false && typeof cache !== 'object';
    return (request, options) => {
      const isCacheEmpty = isBrowsers
        ? platform.isCacheEmpty?.(cache === true ? undefined : cache)
        : undefined;
      const inside = { ...options, cache, isCacheEmpty, rare: platform.rare?.(url) };
      return InWorker.start(request, () => spawn(variant, url), module, inside);
    };
  }
  const glue = quietly(platform.glue(variant as Instructions));
  const { open, bytesAt } = platform;
  const store = storeOf(cache ?? false, platform.store);
  return async (request, options) => {
    const { InPlace } = await import('./runtime/in-place.js');
    return await InPlace.start(request, glue, module, { ...options, open, bytesAt, store });
  };
}

function cacheFor(files: ModelFiles, { cache = true }: LoadOptions): boolean | string | ModelCache {
  return isDownloaded(files) && cache;
}

async function filesOf(
  platform: Platform,
  model: ModelLocation | undefined,
  options: LoadOptions,
): Promise<ModelFiles> {
  if (model === undefined || model === 'builtin') return await platform.builtin();
  const isDrop = typeof DataTransfer === 'function' && model instanceof DataTransfer;
  const location = isDrop ? await filesDropped(model) : (model as Exclude<ModelLocation, DataTransfer>);
  return locateModel(location, options, (place) => platform.locate(place));
}

/** Marks the rejection as handled, in case the promise is never awaited. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
