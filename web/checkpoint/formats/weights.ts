// The weights' file → its tensors, whichever format it turns out to have.
import { VitError } from '../../errors.js';
import { tooLarge, type ByteReader } from '../files/byte-reader.js';
import { indexName, weightsName } from '../files/model-files.js';
import { largestOf, type Folder } from '../files/folder.js';
import { foreignName } from './foreign.js';
import { checkLimit } from '../files/limits.js';
import type { OpenContext } from '../rare-parts.js';
import { isSafetensors, openSafetensors } from './safetensors.js';
import { openSharded } from './sharded.js';
import { bytesOf, type TensorFile } from '../tensors.js';
import { isZip } from '../files/zip.js';

/** The tensors, and the folder that the other files are in: within the archive, if the weights' file was one. */
export interface OpenedWeights {
  readonly weights: TensorFile;
  readonly folder: Folder;
}

export async function openWeights(folder: Folder, context: OpenContext): Promise<OpenedWeights> {
  const file = folder.weights;
  const foreign = foreignName(file);
  if (foreign) throw foreign;
  const opened = await openFile(file, folder, context);
  if (!opened) throw folder.notFound(file);
  const { name, tensors } = opened.weights;
  checkLimit(tensors.length, 'tensors', name, 'tensors', 'tensors');
  const bytes = bytesOf(opened.weights);
  const largest = largestOf(file, context);
  if (bytes > largest) throw tooLarge(name, bytes, largest);
  return opened;
}

/** Opens the weights, or their index where there is one instead; undefined when there is neither. */
async function openFile(
  file: string,
  folder: Folder,
  context: OpenContext,
): Promise<OpenedWeights | undefined> {
  const reader = await folder.open(file);
  if (!reader) return file === weightsName ? await openFile(indexName, folder, context) : undefined;
  if (/\.json$/i.test(file)) {
    if (context.inOneFile) throw severalFiles(reader);
    return { weights: await openSharded(reader, folder), folder };
  }
  const start = await reader.peek(9);
  if (isSafetensors(start) || !isZip(start)) {
    return { weights: await openSafetensors(reader, file), folder };
  }
  const { openArchive } = await context.rare();
  const inside = await openArchive(reader, folder, context);
  return 'tensors' in inside ? { weights: inside, folder } : await openWeights(inside, context);
}

function severalFiles({ name }: ByteReader): VitError {
  return new VitError(
    'integrity',
    `${name} lists several files, and \`integrity\` is the checksum of one; give one for the name of every file.`,
  );
}
