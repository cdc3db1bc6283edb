// A loaded model's files, opened again, through the cache that they were downloaded into.
import { CachedFiles } from '../cache/cache.js';
import type { FileStore } from '../cache/file-store.js';
import { familiesFor } from '../checkpoint/families/all.js';
import { mapNames, type NameMap } from '../checkpoint/families/names.js';
import { folderOf, type ReadContext } from '../checkpoint/files/folder.js';
import { JsonFields, parseJson, type JsonObject } from '../checkpoint/files/json.js';
import type { ModelFiles } from '../checkpoint/files/model-files.js';
import type { TensorFile } from '../checkpoint/tensors.js';
import { openWeights } from '../checkpoint/formats/weights.js';
import { bySlot } from '../checkpoint/open.js';
import type { NativeConfig } from '../engine/bindings.js';

/** A checkpoint's files, opened again. */
export interface Reopened {
  /** Opened, but not read. */
  readonly weights: TensorFile;
  /** A JSON file; undefined when there is none. */
  json(this: void, name: string): Promise<JsonObject | undefined>;
  /** Where the tensors go, by what config.json says. */
  names(this: void, config: JsonObject): NameMap;
  /** The network that they make. */
  network(this: void, config: JsonObject, names: NameMap): NativeConfig;
}

/** Opens them, through the store that `load` used, if any. */
export async function reopen(
  files: ModelFiles,
  context: ReadContext,
  store: Promise<FileStore> | undefined,
): Promise<Reopened> {
  const open = store ? new CachedFiles(context.open, store, files, false).open : context.open;
  const reading = { ...context, open, rare: () => import('./rare.js') };
  const { weights, folder } = await openWeights(folderOf(files, reading), reading);
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
    network: (config, names) =>
      names.family.network(new JsonFields(config, 'config.json', 'config'), bySlot(weights, names)),
  };
}
