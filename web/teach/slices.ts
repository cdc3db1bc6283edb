/** Milliseconds of work after which a page may do something else. */
const slice = 20;

/** Later than what waits already. Timers of hidden pages would come once a second; messages are not held up. */
function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** To be awaited after each step of long work in the page's own thread; rejects when the signal has aborted. */
export function inSlices(signal: AbortSignal | undefined): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < slice) return;
    await nextTask();
    signal?.throwIfAborted();
    since = performance.now();
  };
}
