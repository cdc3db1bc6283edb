// How a page notices that a worker is gone. Browsers report nothing when a worker is terminated by another script or
// for lack of memory (https://html.spec.whatwg.org/multipage/workers.html#terminate-a-worker), and a worker that is
// computing cannot answer. But a Web Lock is released when its holder ends.

/** Absent in insecure contexts and in Node 20. */
const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;

/** A name that no other worker of this origin has, in any tab. */
export function lifeSignName(): string {
  return `vit-wasm ${performance.timeOrigin} ${Math.random()}`;
}

/** A lock that is held from now on. */
export interface LifeSign {
  /** Whether it is held, once that is known. */
  readonly held: Promise<boolean>;
  release(): void;
}

/**
 * The worker's side. Held during calls only: browsers that find a lock on a page do not keep the page for the back
 * button (https://html.spec.whatwg.org/multipage/nav-history-apis.html, "lock").
 */
export function holdLifeSign(name: string): LifeSign {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const held = new Promise<boolean>((resolve) => {
    if (!locks) return resolve(false);
    const hold = () => {
      resolve(true);
      return released;
    };
    locks.request(name, { mode: 'shared' }, hold).catch(() => resolve(false));
  });
  return { held, release };
}

/** The page's side: whether the worker holds it. */
export async function showsLife(name: string): Promise<boolean> {
  return (await locks?.request(name, { ifAvailable: true }, (free) => free === null)) ?? true;
}
