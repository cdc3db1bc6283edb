// Downloads of loaded models that are still being written to a cache, so that calls that look into one can wait.

const pending = new Set<Promise<void>>();

/** Makes `pendingWritesDone` wait for a write that continues after its model was loaded; it must never reject. */
export function trackPendingWrite(written: Promise<void>): void {
  pending.add(written);
  void written.then(() => pending.delete(written));
}

/** Waits until every write that began earlier has ended. */
export async function pendingWritesDone(): Promise<void> {
  await Promise.all(pending);
}
