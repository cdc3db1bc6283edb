// Weights in several safetensors files, with an index that says which tensor is in which.
import { VitError } from '../../errors.js';
import type { ByteReader } from '../files/byte-reader.js';
import type { Folder } from '../files/folder.js';
import { parseJson } from '../files/json.js';
import { shown } from '../../shown.js';
import { checkLimit } from '../files/limits.js';
import { openSafetensors } from './safetensors.js';
import type { StoredTensor, TensorFile } from '../tensors.js';

/** One of the files, whose header has been read. */
interface Shard {
  readonly file: string;
  readonly tensors: readonly StoredTensor[];
}

/** Reads the index and the header of every file it lists. `index` is at the index's first byte. */
export async function openSharded(index: ByteReader, folder: Folder): Promise<TensorFile> {
  const { name } = index;
  const files = await readIndex(index);
  const shards: Shard[] = [];
  for (const [file, listed] of files) {
    // Closed again: a browser keeps only a few connections to a server, and there may be more files than that.
    const reader = await openShard(file, folder, name);
    const { tensors } = await openSafetensors(reader, file);
    await reader.cancel();
    compare(listed, tensors, file, name);
    shards.push({ file, tensors });
  }
  return {
    name,
    tensors: shards.flatMap(({ tensors }) => tensors),
    async pour(sinkFor, report) {
      for (const { file, tensors } of shards) {
        const shard = await openSafetensors(await openShard(file, folder, name), file);
        if (JSON.stringify(shard.tensors) !== JSON.stringify(tensors)) {
          throw malformed(name, `its file ${file} changed while it was read`);
        }
        await shard.pour(sinkFor, report);
      }
    },
  };
}

/** The files, each with the names of its tensors. */
async function readIndex(index: ByteReader): Promise<Map<string, Set<string>>> {
  const { weight_map: map } = parseJson(await index.read(Infinity), index.name, 'not-safetensors');
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw malformed(index.name, 'it has no weight_map of tensors and files');
  }
  const files = new Map<string, Set<string>>();
  for (const [tensor, file] of Object.entries(map as Record<string, unknown>)) {
    if (typeof file !== 'string' || !/^[^/\\]+\.safetensors$/i.test(file)) {
      throw malformed(
        index.name,
        `"${tensor}" should be in ${shown(file)}, which is not a .safetensors file next to it`,
      );
    }
    const tensors = files.get(file);
    if (tensors) tensors.add(tensor);
    else files.set(file, new Set([tensor]));
  }
  checkLimit(files.size, 'shards', index.name, 'files of weights', 'not-safetensors');
  if (files.size === 0) throw malformed(index.name, 'its weight_map is empty');
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function openShard(file: string, folder: Folder, index: string): Promise<ByteReader> {
  const reader = await folder.open(file);
  if (reader) return reader;
  throw new VitError(
    'not-found',
    `${index} lists ${file}, which is missing; download all files of the model.`,
  );
}

/** A tensor in the wrong file would otherwise be missing, or exist twice. */
function compare(
  listed: ReadonlySet<string>,
  tensors: readonly StoredTensor[],
  file: string,
  index: string,
): void {
  const names = new Set(tensors.map(({ name }) => name));
  const absent = [...listed].find((name) => !names.has(name));
  if (absent !== undefined)
    throw malformed(index, `"${absent}" is missing from ${file}, which should contain it`);
  const unlisted = [...names].find((name) => !listed.has(name));
  if (unlisted !== undefined)
    throw malformed(index, `"${unlisted}" is in ${file}, which should not contain it`);
}

function malformed(index: string, what: string): VitError {
  return new VitError(
    'not-safetensors',
    `${index} does not describe its files: ${what}; download all files of the model again.`,
  );
}
