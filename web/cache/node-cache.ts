// A folder as a store: each file under the hash of its key, with a JSON file beside it that says what it is. The JSON
// file comes last, and without it nothing is there.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { FileStore } from './cache.js';
import { openPath } from '../checkpoint/files/node-file.js';
import type { CachedFile } from '../types.js';

/** `vit-wasm` where the user's system keeps what can be fetched again. */
function defaultFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'vit-wasm');
}

/** What can be in the folder: contents, description, and files that are still being written. */
const ours = /^[\da-f]{64}(\.json)?$|\.part$/;

/** A store in `folder`, which is made when the first file comes. */
export function folderStore(folder = defaultFolder()): FileStore {
  const pathOf = (key: string) => join(folder, createHash('sha256').update(key).digest('hex'));
  return {
    async read(key) {
      const path = pathOf(key);
      const { bytes } = await describe(path);
      // Something has happened to it.
      if ((await stat(path)).size !== bytes) return undefined;
      return await openPath(path);
    },

    async write(key) {
      await mkdir(folder, { recursive: true });
      const part = join(folder, `${randomUUID()}.part`);
      const file = await open(part, 'wx');
      let bytes = 0;
      return {
        async write(piece) {
          await file.writeFile(piece);
          bytes += piece.length;
        },
        async finish() {
          await file.close();
          const path = pathOf(key);
          await rm(`${path}.json`, { force: true });
          await rename(part, path);
          const description: CachedFile = { url: key, bytes };
          await writeFile(part, JSON.stringify(description));
          await rename(part, `${path}.json`);
        },
        async abandon() {
          await file.close().catch(() => undefined);
          await rm(part, { force: true });
        },
      };
    },

    async remove(key) {
      const path = pathOf(key);
      await rm(`${path}.json`, { force: true });
      await rm(path, { force: true });
    },
  };
}

/** As in browser-cache.ts. */
export async function listCache(folder = defaultFolder()): Promise<CachedFile[]> {
  const descriptions = (await names(folder)).filter((name) => name.endsWith('.json'));
  return await Promise.all(
    descriptions.map((name) => describe(join(folder, name.slice(0, -'.json'.length)))),
  );
}

/** As in browser-cache.ts. Whatever else is in the folder stays there. */
export async function clearCache(folder = defaultFolder()): Promise<void> {
  for (const name of await names(folder)) await rm(join(folder, name), { force: true });
}

async function describe(path: string): Promise<CachedFile> {
  return JSON.parse(await readFile(`${path}.json`, 'utf8')) as CachedFile;
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => ours.test(name));
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}
