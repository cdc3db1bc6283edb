// A checkpoint opened as `load` opens it, for commands that want to see it before any weight is read.
import { existsSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ByteReader } from '../web/checkpoint/files/byte-reader.js';
import { CachedFiles } from '../web/cache/cache.js';
import type { FileStore } from '../web/cache/file-store.js';
import { inDtype } from '../web/checkpoint/dtype.js';
import { folderOf, type Folder } from '../web/checkpoint/files/folder.js';
import {
  configName,
  isDownloaded,
  preprocessorName,
  tokenizerNames,
  type ModelFiles,
} from '../web/checkpoint/files/model-files.js';
import { withChecksum } from '../web/checkpoint/files/integrity.js';
import { locateModel } from '../web/checkpoint/locate.js';
import {
  openCheckpoint,
  type Checkpoint,
  type OpenContext,
  type ReadContext,
} from '../web/checkpoint/open.js';
import type { OpenFile } from '../web/checkpoint/files/source.js';
import { streamOfBytes } from '../web/checkpoint/files/stream.js';
import { node } from '../web/platform/node-platform.js';
import { storeOf } from '../web/cache/custom-cache.js';
import { openOrOthers } from '../web/runtime/or-others.js';
import { otherFiles } from '../web/runtime/other-files.js';
import type { LoadArguments } from './arguments.js';

export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The JSON files as they are, and those that words need, by name. */
  readonly smallFiles: ReadonlyMap<string, Uint8Array>;
  readonly context: ReadContext;
  /**
   * Closes it. `complete` says that all of it was read without error, so that downloads can be cached; `failure` is the
   * error, if any: a cached file that may have caused it is not used again.
   */
  readonly close: (complete: boolean, failure?: unknown) => Promise<void>;
}

/**
 * The model that an argument names. An existing path takes precedence, even if it looks like a repository on the Hub:
 * `convert owner/name -o small`, then `classify small`.
 */
export function modelNamed(argument: string): string {
  if (argument === 'builtin' || /^(https?|file):/.test(argument) || !existsSync(argument)) return argument;
  const path = resolve(argument);
  return pathToFileURL(/[/\\]$/.test(argument) ? path + sep : path).href;
}

export async function open(
  model: string,
  load: LoadArguments,
  onProgress?: ReadContext['onProgress'],
): Promise<OpenedCheckpoint> {
  const named = modelNamed(model);
  const given =
    named === 'builtin' ? await node.builtin() : locateModel(named, load, (place) => node.locate(place));
  const storeFor = (files: ModelFiles) =>
    isDownloaded(files) ? storeOf(load.cache ?? true, node.store) : undefined;
  return await openOrOthers(
    given,
    (files) => otherFiles(files, node.open, storeFor(files)),
    (files) => openFiles(files, load, storeFor(files), onProgress),
  );
}

async function openFiles(
  files: ModelFiles,
  load: LoadArguments,
  store: Promise<FileStore> | undefined,
  onProgress: ReadContext['onProgress'],
): Promise<OpenedCheckpoint> {
  const stop = new AbortController();
  const cached = store && new CachedFiles(node.open, store, files, false);
  const smallFiles = new Map<string, Uint8Array>();
  const openFile = keepingJson(cached?.open ?? node.open, smallFiles);
  const context: OpenContext = {
    open: openFile,
    bytesAt: node.bytesAt,
    rare: () => import('../web/runtime/rare.js'),
    signal: stop.signal,
    onProgress,
    ...withChecksum(openFile, files.weights, load.integrity),
  };
  const close = async (complete: boolean, failure?: unknown) => {
    if (complete) return await cached?.keep();
    stop.abort();
    await cached?.drop(failure);
  };
  try {
    const checkpoint = inDtype(await openCheckpoint(files, {}, context), undefined);
    if (checkpoint.names.family.texts) await readTokenizer(folderOf(files, context), smallFiles);
    return { checkpoint, smallFiles, context, close };
  } catch (error) {
    await close(false, error);
    throw error;
  }
}

async function readTokenizer(folder: Folder, kept: Map<string, Uint8Array>): Promise<void> {
  for (const name of tokenizerNames) {
    const reader = await folder.open(name);
    if (reader) kept.set(name, await reader.read(Infinity));
  }
}

/** Opens files, and remembers the JSON ones. */
function keepingJson(openFile: OpenFile, kept: Map<string, Uint8Array>): OpenFile {
  return async (location, name, signal) => {
    const stream = await openFile(location, name, signal);
    if (!stream || (name !== configName && name !== preprocessorName)) return stream;
    const bytes = await new ByteReader(stream, name, signal).read(Infinity);
    kept.set(name, bytes);
    return streamOfBytes(bytes);
  };
}
