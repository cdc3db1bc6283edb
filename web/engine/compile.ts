import { messageOf, VitError } from '../errors.js';
import type { WasmOverride } from '../types.js';

/** The module that a `wasm` option holds in itself; undefined when it has none or says where one is. */
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

/** Compiles what is at an address, while it is being downloaded if the server names its type. */
export async function compileUrl(url: string, signal: AbortSignal | undefined): Promise<WebAssembly.Module> {
  const response = await fetchWasm(url, signal);
  const type = response.headers.get('content-type') ?? '';
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new VitError('wasm', `Got status ${response.status} from ${url}, the WebAssembly file: ${advice}.`);
  }
  if (/^text\/html\b/i.test(type)) {
    await response.body?.cancel();
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

async function fetchWasm(url: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, { signal: signal ?? null });
  } catch (error) {
    throw new VitError('wasm', `Could not fetch ${url} (${messageOf(error)}): ${advice}.`, { cause: error });
  }
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
