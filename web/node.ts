import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openFile, type ByteStream, type OpenFile } from './checkpoint/source.js';
import { compileBytes, compileWasm } from './compile.js';
import { messageOf, VitError } from './errors.js';
import { loadModel } from './load.js';
import type { Model } from './model.js';
import type { Platform } from './platform.js';
import type { LoadOptions, ModelLocation } from './types.js';

const glues = {
  relaxed: () => import('./vit.relaxed.js'),
  simd: () => import('./vit.simd.js'),
};

const open: OpenFile = async (location, name, signal) => {
  if (location.kind === 'path') return await openPath(location.path);
  if (location.kind === 'url' && location.url.startsWith('file:'))
    return await openPath(fileURLToPath(location.url));
  return await openFile(location, name, signal);
};

const node: Platform = {
  open,

  locate(place) {
    if (/^https?:/.test(place)) return { kind: 'url', url: place };
    const path = place.startsWith('file:') ? fileURLToPath(place) : resolve(place);
    // `resolve` drops the slash that says it is a folder.
    return { kind: 'path', path: /[/\\]$/.test(place) && !path.endsWith(sep) ? path + sep : path };
  },

  async compile(variant, override, signal) {
    if (override && !override.url) return await compileWasm('', override, signal);
    const url = override?.url
      ? new URL(override.url, pathToFileURL('./'))
      : new URL(`./vit.${variant}.wasm`, import.meta.url);
    if (url.protocol !== 'file:') return await compileWasm(url.href, override, signal);
    const bytes = await readFile(url).catch((error: unknown) => {
      throw new VitError(
        'wasm',
        `Could not read the WebAssembly file (${messageOf(error)}); install vit-wasm again.`,
        {
          cause: error,
        },
      );
    });
    return await compileBytes(bytes, url.href);
  },

  async glue(variant) {
    return (await glues[variant]()).default;
  },
};

/** A stream of the file at `path`; undefined when there is none. */
async function openPath(path: string): Promise<ByteStream | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new VitError('unreadable', `${path} could not be read (${messageOf(error)}).`, { cause: error });
  }
  return Readable.toWeb(createReadStream(path, { highWaterMark: 1 << 18 })) as ByteStream;
}

/** As in index.ts; a place is a path on disk here. */
export function load(model?: ModelLocation, options: LoadOptions = {}): Promise<Model> {
  return loadModel(node, model, options);
}

export { VitError, type VitErrorCode } from './errors.js';
export type { Model } from './model.js';
export type * from './types.js';
