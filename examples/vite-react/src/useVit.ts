import { useEffect, useState } from 'react';
import { load, type Model, type ModelLocation } from 'vit-wasm';

export interface Vit {
  /** The model, once it is loaded. */
  model?: Model;
  /** How much of its weights has arrived, 0 to 1. */
  progress: number;
  /** Why it could not be loaded. */
  error?: Error;
}

/**
 * A model for as long as the component is mounted: loaded when it appears, or when `location` changes, and disposed of
 * when it goes. Pass a string, or something that stays the same from one render to the next.
 */
export function useVit(location?: ModelLocation): Vit {
  const [vit, setVit] = useState<Vit>({ progress: 0 });

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    // React mounts twice while developing; what an unmounted component asked for has to vanish unheard.
    const set = (next: Vit) => void (signal.aborted || setVit(next));
    const loading = load(location, {
      signal,
      onProgress: ({ phase, loaded, total }) => phase === 'weights' && set({ progress: loaded / total }),
    });
    loading.then(
      (model) => set({ model, progress: 1 }),
      (error: Error) => set({ progress: 0, error }),
    );
    return () => {
      controller.abort();
      loading.then(
        (model) => model.dispose(),
        () => undefined,
      );
      setVit({ progress: 0 });
    };
  }, [location]);

  return vit;
}
