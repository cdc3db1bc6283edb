/**
 * A signal that aborts when one of two does, or when it is stopped: `AbortSignal.any` for browsers from before 2024. To
 * be stopped in the end, as the others may live for long.
 */
export function eitherOf(
  first: AbortSignal,
  second: AbortSignal | undefined,
): { readonly signal: AbortSignal; stop(this: void): void } {
  const either = new AbortController();
  const signals = second ? [second, first] : [first];
  const follow = () => either.abort(signals.find(({ aborted }) => aborted)?.reason);
  if (signals.some(({ aborted }) => aborted)) follow();
  for (const signal of signals) signal.addEventListener('abort', follow);
  const stop = () => {
    for (const signal of signals) signal.removeEventListener('abort', follow);
    either.abort();
  };
  return { signal: either.signal, stop };
}
