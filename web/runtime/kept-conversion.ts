// Which pull request a repository's weights were found in, kept beside them, so that the Hub is asked only once.
import { cacheKey, keyOfConversion, keyOfPart, type FileStore } from '../cache/file-store.js';
import { withWeightsOf } from '../checkpoint/conversion.js';
import { ByteReader } from '../checkpoint/files/byte-reader.js';
import { locationOf, type ModelFiles } from '../checkpoint/files/model-files.js';

/**
 * The files with the weights that were found on an earlier visit; 'gone' if the store has a note of them but the
 * weights no longer exist there, so that the search has to start again.
 */
export async function keptConversion(
  files: ModelFiles,
  store: Promise<FileStore>,
): Promise<ModelFiles | 'gone' | undefined> {
  try {
    const opened = await store;
    const bytes = await readAll(opened, revisionKey(files));
    if (bytes.length === 0) return undefined;
    const revision = new TextDecoder().decode(bytes);
    const found = /^refs\/pr\/\d+$/.test(revision) ? withWeightsOf(files, revision) : undefined;
    const key = found && weightsKey(found);
    if (key === undefined) return 'gone';
    const isThere = await Promise.all(
      [key, keyOfPart(key, 'tower', 'pictures')].map((one) => has(opened, one)),
    );
    return isThere.includes(true) ? found : 'gone';
  } catch {
    return undefined;
  }
}

/**
 * Notes that `files` were found to have the weights of `found`. A store that fails only costs the search of a later
 * visit.
 */
export async function keepConversion(
  files: ModelFiles,
  { revision = '' }: ModelFiles,
  store: Promise<FileStore>,
): Promise<void> {
  try {
    const writer = await (await store).write(revisionKey(files));
    try {
      await writer.write(new TextEncoder().encode(revision));
      await writer.finish();
    } catch {
      await writer.abandon();
    }
  } catch {
    // The next visit searches again.
  }
}

function revisionKey(files: ModelFiles): string {
  return keyOfConversion(weightsKey(files) ?? '');
}

function weightsKey(files: ModelFiles): string | undefined {
  const location = locationOf(files, files.weights);
  return location?.kind === 'url' ? cacheKey(location) : undefined;
}

async function readAll(store: FileStore, key: string): Promise<Uint8Array> {
  const stream = await store.read(key);
  if (!stream) return new Uint8Array();
  return await new ByteReader(stream, key, new AbortController().signal).read(Infinity);
}

async function has(store: FileStore, key: string): Promise<boolean> {
  const stream = await store.read(key);
  await stream?.cancel();
  return stream !== undefined;
}
