// From files to a decoded picture, and onto the page.

/** More pixels than the page ever shows at once; a photograph of a telephone has twelve times as many. */
const shownEdge = 1024;

export const isPicture = (file) => file.type.startsWith('image/');

/**
 * Decodes a picture as Python's Pillow would, upright but without colour management, and says how many milliseconds
 * that took.
 */
export async function decode(blob) {
  const start = performance.now();
  const source = await createImageBitmap(blob, {
    imageOrientation: 'from-image',
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  });
  return { source, decodeTime: performance.now() - start };
}

/** Draws the picture small enough for the page. The model is given the whole one. */
export function show(canvas, bitmap) {
  const scale = Math.min(1, shownEdge / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(scale * bitmap.width));
  canvas.height = Math.max(1, Math.round(scale * bitmap.height));
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
}

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
