// Waiting for what may never come: every wait for a network, a disk or a cache ends when its signal aborts, and every
// wait for a network also when nothing has arrived for too long.

/** The default of the `stallTimeout` option, in milliseconds. */
export const defaultStallTimeout = 30_000;

/** The longest timeout that `setTimeout` supports; a longer one means none. */
const longestTimer = 2 ** 31 - 1;

/** The error for a wait that took too long. */
export class Stalled extends Error {
  constructor(milliseconds: number) {
    super(`nothing arrived for ${(milliseconds / 1000).toLocaleString('en')} s`);
  }
}

/** How long to wait: until the signal aborts, or until `timeout` milliseconds have passed. */
export interface Limits {
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
}

/**
 * The result of `work`, unless the signal aborts or the time is over first; then it rejects at once, with the signal's
 * reason or with {@link Stalled}, whether or not `work` ever settles.
 */
export function limited<T>(work: Promise<T>, { signal, timeout = Infinity }: Limits): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const abort = () => {
      end();
      // The reason is the caller's own, of any type.
      reject(signal?.reason as Error);
    };
    const stall = () => {
      end();
      reject(new Stalled(timeout));
    };
    const timer = timeout <= longestTimer ? setTimeout(stall, timeout) : undefined;
    work.then(resolve, reject).finally(end);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
  });
}

/** Waits; rejects with the signal's reason as soon as it aborts. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const waiting = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  return limited(waiting, { signal }).finally(() => clearTimeout(timer));
}
