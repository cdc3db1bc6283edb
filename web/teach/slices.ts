/** Milliseconds of work after which a page may do something else. */
const slice = 20;

/** To be awaited after each step of long work in the page's own thread; rejects when the signal has aborted. */
export function inSlices(signal: AbortSignal | undefined): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < slice) return;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    since = performance.now();
  };
}
