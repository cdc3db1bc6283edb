// Waiting for what may never come: every wait for a network, a disk or a cache ends with the signal that gives it up,
// and those for a network also when nothing has arrived for too long.

/** What the `stallTimeout` option is without being given, in milliseconds. */
export const defaultStallTimeout = 30_000;

/** The most that `setTimeout` can count; a longer timeout is none. */
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
 * What `work` gives, unless the signal aborts or the time is over before; then it rejects at once, with the signal's
 * reason or with {@link Stalled}, whatever becomes of `work`.
 */
export function limited<T>(work: Promise<T>, { signal, timeout = Infinity }: Limits): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const abort = () => {
      end();
      // The reason is the caller's own, whatever it is.
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
