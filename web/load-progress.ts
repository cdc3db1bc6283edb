// The progress of a load that may read two towers, one after the other, as a single bar.
import type { Progress } from './types.js';

type Report = (progress: Progress) => void;

export interface LoadProgress {
  /** What a tower reports to; undefined if nobody wants to know. */
  readonly report: Report | undefined;
  /** Another tower begins: its bytes come on top of those before. */
  next(): void;
  /** The load has settled; whatever is read later belongs to another call. */
  end(): void;
}

/** Passes reports on to `onProgress` until the load has settled. */
export function loadProgress(onProgress: Report | undefined): LoadProgress {
  let before = { loaded: 0, total: 0 };
  let overall = before;
  let isLoading = true;
  const report: Report = (progress) => {
    if (!isLoading) return;
    const { loaded, total } = progress.overall;
    overall = { loaded: before.loaded + loaded, total: before.total + total };
    onProgress?.({ ...progress, overall });
  };
  return {
    report: onProgress && report,
    next: () => (before = overall),
    end: () => (isLoading = false),
  };
}
