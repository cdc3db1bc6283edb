// Weights in a zip archive: NumPy's arrays, or a whole model's folder.
import { VitError } from '../../errors.js';
import { ByteReader, tooLarge } from '../files/byte-reader.js';
import { largestOf, nothingYet, type Folder, type ReadContext } from '../files/folder.js';
import { weightsAmong, weightsName } from '../files/model-files.js';
import { keep } from '../files/random-access.js';
import { openEntry, readDirectory, type ZipArchive } from '../files/zip.js';
import { foreignArchive } from './foreign.js';
import { isNpz, openNpz } from './npz.js';
import { unstacked } from './stacked.js';
import type { TensorFile } from '../tensors.js';

/** What is in the archive that a folder has as its weights: tensors, or the folder that was packed. */
export async function openArchive(
  reader: ByteReader,
  folder: Folder,
  context: ReadContext,
): Promise<TensorFile | Folder> {
  const archive = await readArchive(reader, folder, context);
  const foreign = foreignArchive(archive);
  if (foreign) throw foreign;
  if (isNpz(archive)) return unstacked(await openNpz(archive, folder.weights, context.signal));
  return folderIn(archive, context);
}

async function readArchive(
  reader: ByteReader,
  folder: Folder,
  { onProgress }: ReadContext,
): Promise<ZipArchive> {
  const file = folder.weights;
  const access = await folder.access(file);
  if (access) {
    await reader.cancel();
    return await readDirectory(access);
  }
  const tell = () =>
    onProgress?.({ file, loaded: reader.position, total: Infinity, phase: 'weights', overall: nothingYet });
  return await readDirectory(await keep(reader, tell));
}

/** The files in an archive: those beside its one config.json, or beside its weights. */
function folderIn(archive: ZipArchive, context: ReadContext): Folder {
  const { name } = archive.file;
  const files = archive.entries.filter((entry) => !isHidden(entry.name));
  const weights = weightsAmong(files.map((entry) => entry.name));
  if (typeof weights !== 'string') throw noModel(name, weights);
  const beside = weights.slice(0, weights.lastIndexOf('/') + 1);
  const find = (file: string) => files.find((entry) => entry.name === beside + file);
  return {
    weights: weights.slice(beside.length),
    async open(file) {
      const entry = find(file);
      if (!entry) return undefined;
      const title = `${name}, ${entry.name}`;
      const largest = largestOf(file, context);
      // Before a byte of it is unpacked.
      if (entry.size > largest) throw tooLarge(title, entry.size, largest);
      return new ByteReader(await openEntry(archive, entry), title, context.signal, largest);
    },
    access: () => Promise.resolve(undefined),
    notFound: (file) =>
      new VitError('not-found', `There is no ${beside}${file} in ${name}: it should be next to the weights.`),
  };
}

/** What archivers add of their own. */
function isHidden(path: string): boolean {
  return /(^|\/)(__MACOSX\/|\.)/.test(path);
}

function noModel(archive: string, candidates: readonly string[]): VitError {
  if (candidates.length === 0) {
    const advice =
      'a model is a folder with config.json, model.safetensors and usually preprocessor_config.json';
    return new VitError('not-found', `There are no weights in ${archive}: ${advice}.`);
  }
  const names = candidates.slice(0, 3).join(', ');
  return new VitError(
    'not-found',
    `There are ${candidates.length} files of weights in ${archive} (${names}): pack a single model, named ${weightsName}.`,
  );
}
