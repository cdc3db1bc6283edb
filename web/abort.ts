/** Settles as `promise` does, unless one of the signals aborts before: then rejects with its reason. */
export async function abortable<T>(
  promise: Promise<T>,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<T> {
  const given = signals.filter((signal) => signal !== undefined);
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    // The reason is the caller's own, whatever it is.
    stop = () => reject(given.find((signal) => signal.aborted)?.reason as Error);
    for (const signal of given) signal.addEventListener('abort', stop);
  });
  if (given.some((signal) => signal.aborted)) stop();
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    for (const signal of given) signal.removeEventListener('abort', stop);
  }
}
