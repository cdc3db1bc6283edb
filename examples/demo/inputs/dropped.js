// The files of a drop.

/** The files of a drop, with those of dropped folders, one folder deep. */
export async function filesOf({ items, files }) {
  // Before the first await: afterwards the browser has emptied `items` and `files`.
  const flat = [...files];
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const folders = entries.filter((entry) => entry.isDirectory);
  if (folders.length === 0) return flat;
  const inFolders = await Promise.all(folders.map(filesIn));
  return [...flat.filter((file) => !folders.some(({ name }) => name === file.name)), ...inFolders.flat()];
}

async function filesIn(folder) {
  const reader = folder.createReader();
  const files = [];
  // A folder is read in batches (Chromium's have 100 entries), of which the last is empty:
  // https://developer.mozilla.org/docs/Web/API/FileSystemDirectoryReader/readEntries
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    const inBatch = entries.filter((entry) => entry.isFile);
    const reading = inBatch.map((entry) => new Promise((resolve, reject) => entry.file(resolve, reject)));
    files.push(...(await Promise.all(reading)));
  }
}
