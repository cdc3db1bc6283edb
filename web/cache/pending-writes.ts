// What loaded models are still storing of their downloads, so that whoever looks into the cache finds it.

const keeping = new Set<Promise<void>>();

/** Has `everythingKept` wait for a store that goes on after its model was loaded; it never rejects. */
export function keepMeanwhile(kept: Promise<void>): void {
  keeping.add(kept);
  void kept.then(() => keeping.delete(kept));
}

/** Waits until nothing that was loaded before remains to be stored. */
export async function everythingKept(): Promise<void> {
  await Promise.all(keeping);
}
