import { browserStore, isCacheEmpty } from '../cache/browser-cache.js';
import { compileUrl, moduleGiven } from '../engine/compile.js';
import { messageOf, VitError } from '../errors.js';
import type { WorkerPort } from '../runtime/protocol.js';
import type { Parts, Platform } from './platform.js';

/** A page, or a worker of the page's own, with the package's parts wherever the entry has them. */
export function browser(parts: Parts): Platform {
  return {
    // Only a model in this thread, and words, read files here.
    open: async (...file) => (await import('./in-page.js')).openFile(...file),

    store: browserStore,
    isCacheEmpty,

    locate: (place) => ({ kind: 'url', url: new URL(place, pageAddress()).href }),

    async compile(variant, override, limits) {
      const given = await moduleGiven(override);
      if (given) return given;
      if (!override?.url) return await parts.wasm(variant, limits);
      return await compileUrl(new URL(override.url, pageAddress()).href, limits);
    },

    glue: (variant) => parts.glue(variant),

    threadsObstacle: parts.threadsObstacle,

    builtin: () => parts.builtin(),

    rare: (workerUrl) =>
      workerUrl ? new URL(rareScript, new URL(workerUrl, pageAddress())).href : parts.rare?.(),

    // A service worker cannot start workers.
    spawn:
      typeof Worker === 'undefined'
        ? undefined
        : async (variant, url) =>
            startWorker(url ? new URL(url, pageAddress()).href : await parts.worker(variant)),
  };
}

/** Beside a worker's script whose address was given. */
const rareScript = 'worker.rare.js';

function startWorker(url: string): WorkerPort {
  try {
    const worker = new Worker(sameOrigin(url), { type: 'module' });
    return Object.assign(worker, { explain: () => whatIsAt(url) });
  } catch (error) {
    throw new VitError(
      'worker',
      `The model's worker could not be started (${messageOf(error)}); ${policyAdvice}, give the address of its script on ` +
        'this origin with `worker: { url }`, or run without a worker: `worker: false`.',
      { cause: error },
    );
  }
}

const policyAdvice =
  "a content security policy has to allow it with worker-src 'self', or worker-src blob: where its script is on another " +
  "origin or inside the page's own";

/** What the server answers for a script that did not load. */
async function whatIsAt(url: string): Promise<string> {
  if (!/^https?:/.test(url)) return policyAdvice;
  try {
    const response = await fetch(url);
    const type = response.headers.get('content-type') ?? 'no type';
    await response.body?.cancel();
    if (!response.ok) return `got status ${response.status} from ${url}`;
    return /javascript/i.test(type)
      ? `${url} exists, but ${policyAdvice}`
      : `got ${type} from ${url}, not a script`;
  } catch (error) {
    return `${url} could not be fetched (${messageOf(error)})`;
  }
}

/**
 * A script has to be of the page's own origin to be a worker, but may import what any server allows it to: a script on
 * a CDN becomes one that is made here and imports it.
 */
function sameOrigin(url: string): string {
  if (!/^https?:/.test(url) || new URL(url).origin === self.origin) return url;
  const made = importers.get(url);
  if (made !== undefined) return made;
  const script = new Blob([`import ${JSON.stringify(url)};`], { type: 'text/javascript' });
  const address = URL.createObjectURL(script);
  importers.set(url, address);
  return address;
}

/** The scripts made so far, by what they import. */
const importers = new Map<string, string>();

/** What relative addresses are relative to. A worker that was made from a Blob has no address, only an origin. */
function pageAddress(): string {
  if (typeof document === 'object') return document.baseURI;
  const { location, origin } = globalThis as Partial<typeof globalThis>;
  return location?.protocol === 'blob:' ? `${origin}/` : (location?.href ?? 'file:///');
}
