// A folder as a store: each file under the hash of its key, with a JSON file beside it that says what it is. The JSON
// file comes last; without it the file does not count.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { FileStore } from './file-store.js';
import { openPath } from '../checkpoint/files/node-file.js';
import { watched, type ByteStream } from '../checkpoint/files/stream.js';
import { VitError } from '../errors.js';
import { shown } from '../shown.js';
import type { CachedFile } from '../types.js';

/** The content of the JSON file. */
interface Description extends CachedFile {
  /** Of the content, in hexadecimal: the size alone would not show a damaged file. */
  readonly sha256: string;
}

/** Files of gated models, and which models a user has loaded, are private to that user. */
const onlyOwner = { folder: 0o700, file: 0o600 };

/** An unfinished file: a random UUID, so that no other program's file is mistaken for one. */
const partName = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.part$/;

/** Milliseconds after which an unfinished file counts as left behind by a process that has ended. */
const longestWrite = 24 * 60 * 60 * 1000;

/** `vit-wasm` in the folder for what can be downloaded again, by the XDG base directory specification. */
function defaultFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'vit-wasm');
}

const nameOf = (key: string) => createHash('sha256').update(key).digest('hex');

/** A store in `folder`, which is created with the first file. */
export function folderStore(folder = defaultFolder()): FileStore {
  const pathOf = (key: string) => join(folder, nameOf(key));
  return {
    async read(key) {
      const path = pathOf(key);
      const description = await describe(path);
      if (!description || (await stat(path)).size !== description.bytes) return undefined;
      const stream = await openPath(path);
      return stream && checked(stream, description);
    },

    async write(key) {
      await mkdir(folder, { recursive: true, mode: onlyOwner.folder });
      await removeParts(folder, longestWrite);
      const part = join(folder, `${randomUUID()}.part`);
      const file = await open(part, 'wx', onlyOwner.file);
      const hash = createHash('sha256');
      let bytes = 0;
      return {
        async write(piece) {
          hash.update(piece);
          await file.writeFile(piece);
          bytes += piece.length;
        },
        async finish() {
          await file.close();
          const path = pathOf(key);
          await rm(`${path}.json`, { force: true });
          await rename(part, path);
          const description: Description = { url: key, bytes, sha256: hash.digest('hex') };
          await writeFile(part, JSON.stringify(description), { mode: onlyOwner.file });
          await rename(part, `${path}.json`);
        },
        async abandon() {
          await file.close().catch(() => undefined);
          await rm(part, { force: true });
        },
      };
    },

    remove: async (key) => await removePair(pathOf(key)),
  };
}

/** The same stream, which fails at its end when the content is not what was written. */
function checked(stream: ByteStream, { url, sha256 }: Description): ByteStream {
  const hash = createHash('sha256');
  return watched(
    stream,
    (piece) => hash.update(piece),
    () => {
      if (hash.digest('hex') === sha256) return;
      throw new VitError('integrity', `The cached copy of ${url} is damaged; load the model again.`);
    },
  );
}

/** As in browser-cache.ts. Damaged descriptions and other programs' files are skipped. */
export async function listCache(folder = defaultFolder()): Promise<CachedFile[]> {
  checkFolder(folder);
  const found = await Promise.all(
    (await pairs(folder)).map(async (name) => await describe(join(folder, name))),
  );
  return found.flatMap((description) =>
    description ? [{ url: description.url, bytes: description.bytes }] : [],
  );
}

/** As in browser-cache.ts. Other programs' files stay. */
export async function clearCache(folder = defaultFolder()): Promise<void> {
  checkFolder(folder);
  for (const name of await pairs(folder)) {
    const path = join(folder, name);
    if (await describe(path)) await removePair(path);
  }
  await removeParts(folder, 0);
}

function checkFolder(folder: unknown): void {
  if (typeof folder === 'string' && folder !== '') return;
  throw new VitError(
    'invalid-argument',
    `The cache's folder is ${shown(folder)}, but it should be a path; omit it for the default one.`,
  );
}

/** What is at `path`, by the JSON file beside it; undefined unless this store wrote it. */
async function describe(path: string): Promise<Description | undefined> {
  try {
    const description = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Partial<Description> | null;
    const { url, bytes, sha256 } = description ?? {};
    if (typeof url !== 'string' || typeof bytes !== 'number' || typeof sha256 !== 'string') return undefined;
    return path.endsWith(nameOf(url)) ? { url, bytes, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

/** The names of files that have a description beside them. */
async function pairs(folder: string): Promise<string[]> {
  const all = await entries(folder);
  return all.flatMap((name) => /^([\da-f]{64})\.json$/.exec(name)?.[1] ?? []);
}

async function removePair(path: string): Promise<void> {
  await rm(`${path}.json`, { force: true });
  await rm(path, { force: true });
}

/** Removes unfinished files that have not been written to for `age` milliseconds. */
async function removeParts(folder: string, age: number): Promise<void> {
  for (const name of (await entries(folder)).filter((name) => partName.test(name))) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs >= age) await rm(path, { force: true });
  }
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}
