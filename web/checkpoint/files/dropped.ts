// Files that a visitor chose or dropped, some of them in folders.
import { VitError } from '../../errors.js';
import { configName } from './model-files.js';

const pathOf = ({ name, webkitRelativePath }: File) => webkitRelativePath || name;
const folderOf = (file: File) => pathOf(file).slice(0, -file.name.length);
const depthOf = (folder: string) => folder.split('/').length;

/**
 * The files of the one folder that is the model: that of the `config.json` nearest to the top, or else the topmost.
 * Files in other folders (an ONNX export, a tokenizer) are left out.
 */
export function modelFolder(files: readonly File[]): File[] {
  const configs = files.filter(({ name }) => name === configName);
  const folders = [...new Set((configs.length > 0 ? configs : files).map(folderOf))];
  const top = folders.reduce((least, folder) => Math.min(least, depthOf(folder)), Infinity);
  const highest = folders.filter((folder) => depthOf(folder) === top);
  if (highest.length > 1 && configs.length > 0) {
    throw new VitError(
      'invalid-argument',
      `There are ${highest.length} models among the files, in ${highest.join(' and ')}; give one of them.`,
    );
  }
  return files.filter((file) => highest.includes(folderOf(file)));
}

/**
 * The files of a drop, those in folders with their `webkitRelativePath`: for pages that look at what was dropped before
 * they `load` it, or load it again. The browser empties the transfer once the event is over, so call this before the
 * first `await` of the event handler. Rejects with the browser's own error if a folder cannot be read.
 */
export async function filesDropped({ items, files }: DataTransfer): Promise<File[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry());
  const flat = [...files];
  if (!entries.some((entry) => entry?.isDirectory)) return flat;
  return (await Promise.all(entries.filter((entry) => entry !== null).map(filesIn))).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    // Browsers set this only for files that were chosen with <input webkitdirectory>.
    return [Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.slice(1) })];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: File[] = [];
  // A folder is read in batches (Chromium's have 100 entries), of which the last is empty:
  // https://developer.mozilla.org/docs/Web/API/FileSystemDirectoryReader/readEntries
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return inside;
    inside.push(...(await Promise.all(entries.map(filesIn))).flat());
  }
}
