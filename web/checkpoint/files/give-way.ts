/** The longest that loading may block this thread, in milliseconds. */
const longestBusy = 50;

let busySince = 0;

/**
 * Lets this thread do something else, such as hear of an abort or draw, if loading has blocked it for long: reading
 * what is already in memory never waits for anything.
 */
export async function giveWay(): Promise<void> {
  if (performance.now() - busySince < longestBusy) return;
  await nextTask();
  busySince = performance.now();
}

/** A timer would wait 4 milliseconds in a browser. */
function nextTask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
