import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BytesAt } from '../checkpoint/files/folder.js';
import { openFile, type OpenFile } from '../checkpoint/files/source.js';
import { compileBytes, compiledOnce, compileUrl, moduleGiven } from '../engine/compile.js';
import { messageOf, VitError } from '../errors.js';
import { importGlue } from './glues.js';
import { builtinBeside } from './fetched-parts.js';
import { openPath } from '../checkpoint/files/node-file.js';
import { folderStore } from '../cache/node-cache.js';
import type { Platform } from './platform.js';

const open: OpenFile = async (location, name, signal) => {
  if (location.kind === 'path') return await openPath(location.path);
  if (location.kind === 'url' && location.url.startsWith('file:')) {
    return await openPath(fileURLToPath(location.url));
  }
  return await openFile(location, name, signal);
};

const bytesAt: BytesAt = async (location) => {
  if (location.kind === 'bytes') return location.bytes;
  return location.kind === 'path' ? await openAsBlob(location.path) : undefined;
};

/** Node, where models run in place and a place is a path on disk. */
export const node: Platform = {
  open,
  store: async (folder) => Promise.resolve(folderStore(folder)),
  bytesAt,

  locate(place) {
    if (/^https?:/.test(place)) return { kind: 'url', url: place };
    const path = place.startsWith('file:') ? fileURLToPath(place) : resolve(place);
    // `resolve` drops the slash that says it is a folder.
    return { kind: 'path', path: place.endsWith('/') && !path.endsWith(sep) ? path + sep : path };
  },

  async compile(variant, override, limits) {
    const given = await moduleGiven(override);
    if (given) return given;
    const url = override?.url
      ? new URL(override.url, pathToFileURL('./'))
      : new URL(`./vit.${variant}.wasm`, import.meta.url);
    return url.protocol === 'file:'
      ? await compiledOnce(url.href, () => compileFile(url))
      : await compileUrl(url.href, limits);
  },

  glue: importGlue,

  threadsObstacle: 'outside a browser a model runs in the calling thread',

  builtin: builtinBeside,
};

async function compileFile(url: URL): Promise<WebAssembly.Module> {
  const bytes = await readFile(url).catch((error: unknown) => {
    const message = `The WebAssembly file could not be read (${messageOf(error)}); is the installation of vit-wasm complete?`;
    throw new VitError('wasm', message, { cause: error });
  });
  return await compileBytes(bytes, url.href);
}
