import { messageOf, VitError } from '../errors.js';
import { defaultStallTimeout, limited, type Limits } from '../patience.js';
import type { WasmOverride } from '../types.js';

/** The module contained in a `wasm` option; undefined if it has none, or only an address. */
export async function moduleGiven(
  override: WasmOverride | undefined,
): Promise<WebAssembly.Module | undefined> {
  if (override?.module) return override.module;
  return override?.bytes && (await compileBytes(override.bytes, 'wasm.bytes'));
}

/** Compiles bytes; `name` is what messages call them. */
export async function compileBytes(
  bytes: ArrayBuffer | Uint8Array,
  name: string,
): Promise<WebAssembly.Module> {
  return await explained(WebAssembly.compile(bytes as BufferSource), name);
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * The module of this name, compiled once; what fails is tried again by the next. Models share it, and with it the machine
 * code: each compilation of the same bytes costs Chromium 146 KB until the page is left.
 */
export function compiledOnce(
  name: string,
  compile: () => Promise<WebAssembly.Module>,
): Promise<WebAssembly.Module> {
  const known = compiled.get(name);
  if (known) return known;
  const compiling = compile();
  compiled.set(name, compiling);
  compiling.catch(() => compiled.delete(name));
  return compiling;
}

/**
 * The time limit, in stall timeouts, for files whose single pieces cannot be observed: WebAssembly that is compiled
 * while it arrives, and a worker's script. At 10 KB/s they take two minutes.
 */
export const timeoutsPerFile = 10;

/** A module on its way, for all that wait for it. */
interface Download {
  readonly connection: AbortController;
  readonly answer: Promise<Response>;
  readonly module: Promise<WebAssembly.Module>;
  isCompiled: boolean;
  waiting: number;
}

const downloads = new Map<string, Download>();

/**
 * Compiles what is at an address, once for all models, also for those that are loaded at the same time; while it is being
 * downloaded, if the server names its type. Each caller waits within its own limits; when the last gives up, so does the
 * download. The module of a `blob:` or `data:` address is shared only until it is compiled: every load may have another.
 */
export async function compileUrl(
  url: string,
  { signal, timeout = defaultStallTimeout }: Limits = {},
): Promise<WebAssembly.Module> {
  const download = downloads.get(url) ?? begin(url);
  download.waiting++;
  try {
    await limited(download.answer, { signal, timeout });
    return await limited(download.module, { signal, timeout: timeout * timeoutsPerFile });
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof VitError ? error : unfetched(url, error);
  } finally {
    if (--download.waiting === 0 && !(download.isCompiled && !/^(blob|data):/i.test(url))) {
      downloads.delete(url);
      download.connection.abort();
    }
  }
}

function begin(url: string): Download {
  const connection = new AbortController();
  const answer = fetch(url, { signal: connection.signal });
  const module = answer.then((response) => compileResponse(response, url));
  const download: Download = { connection, answer, module, isCompiled: false, waiting: 0 };
  module.then(
    () => (download.isCompiled = true),
    () => undefined, // reported to those that wait
  );
  downloads.set(url, download);
  return download;
}

async function compileResponse(response: Response, url: string): Promise<WebAssembly.Module> {
  const type = response.headers.get('content-type') ?? '';
  if (response.status !== 200) {
    throw new VitError('wasm', `Got status ${response.status} from ${url}, the WebAssembly file: ${advice}.`);
  }
  if (/^text\/html\b/i.test(type)) {
    throw new VitError(
      'html',
      `Got ${type} from ${url}: the server answered with a page, not the file; ${advice}.`,
    );
  }
  // Only this exact type may be compiled while it arrives.
  if (/^application\/wasm$/i.test(type)) return await explained(WebAssembly.compileStreaming(response), url);
  return await compileBytes(await response.arrayBuffer(), url);
}

const advice =
  'keep bundlers from moving vit-wasm away from its files (Vite: optimizeDeps.exclude), ' +
  'import from "vit-wasm/inline", which contains it, or give the address of vit.<variant>.wasm with `wasm: { variant, url }`';

function unfetched(url: string, cause: unknown): VitError {
  return new VitError('wasm', `Could not fetch ${url} (${messageOf(cause)}): ${advice}.`, { cause });
}

async function explained(compiling: Promise<WebAssembly.Module>, name: string): Promise<WebAssembly.Module> {
  try {
    return await compiling;
  } catch (error) {
    throw new VitError(
      'wasm',
      `The WebAssembly of ${name} could not be compiled (${messageOf(error)}): it may be damaged, ` +
        "or a content security policy lacks script-src 'wasm-unsafe-eval'.",
      { cause: error },
    );
  }
}
