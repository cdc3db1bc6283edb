// Where a model was loaded from, to read its files again: for a copy with another head.
import { CachedFiles, type FileStore } from './cache/cache.js';
import { familiesFor } from './checkpoint/families/all.js';
import { mapNames, type NameMap } from './checkpoint/families/names.js';
import { folderOf, type ReadContext } from './checkpoint/files/folder.js';
import { parseJson, type JsonObject } from './checkpoint/files/json.js';
import type { ModelFiles } from './checkpoint/files/model-files.js';
import type { TensorFile } from './checkpoint/formats/tensors.js';
import { openWeights } from './checkpoint/formats/weights.js';

/** A checkpoint's files, open again. */
export interface Reopened {
  /** Whose bytes are still to be read. */
  readonly weights: TensorFile;
  /** A JSON file; undefined when there is none. */
  json(this: void, name: string): Promise<JsonObject | undefined>;
  /** Where the tensors go, by what config.json says. */
  names(this: void, config: JsonObject): NameMap;
}

export interface Origin {
  /** Opens the files; undefined when they were bytes in memory that nobody holds any more. */
  open(signal: AbortSignal): Promise<Reopened> | undefined;
  /** Whether options of `load` change what the files say of pictures. */
  readonly isAltered: boolean;
}

export function originOf(
  held: ModelFiles,
  context: Omit<ReadContext, 'signal'>,
  store: () => Promise<FileStore> | undefined,
  isAltered: boolean,
): Origin {
  const filesNow = heldWeakly(held);
  return {
    isAltered,
    open(signal) {
      const files = filesNow();
      const kept = store();
      const open = kept && files ? new CachedFiles(context.open, kept, files, false).open : context.open;
      return files && reopened(files, { ...context, open, signal });
    },
  };
}

async function reopened(files: ModelFiles, context: ReadContext): Promise<Reopened> {
  const { weights, folder } = await openWeights(folderOf(files, context), context);
  return {
    weights,
    async json(name) {
      const reader = await folder.open(name);
      return reader && parseJson(await reader.read(Infinity), reader.name, 'config');
    },
    names: (config) =>
      mapNames(
        weights.tensors.map((tensor) => tensor.name),
        weights.name,
        familiesFor(config, 'config.json'),
      ),
  };
}

/** The same files; weights in memory only for as long as the caller of `load` holds them. */
function heldWeakly({ listed = {}, ...files }: ModelFiles): () => ModelFiles | undefined {
  const { [files.weights]: weights, ...others } = listed;
  if (weights?.kind !== 'bytes' || weights.bytes instanceof Blob) return () => ({ listed, ...files });
  const { buffer, byteOffset, byteLength } = weights.bytes;
  const held = new WeakRef(buffer);
  return () => {
    const bytes = held.deref();
    if (!bytes) return undefined;
    const found = { kind: 'bytes', bytes: new Uint8Array(bytes, byteOffset, byteLength) } as const;
    return { ...files, listed: { ...others, [files.weights]: found } };
  };
}
