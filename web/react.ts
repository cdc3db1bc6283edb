'use client';
/**
 * A model as a hook of React: {@link useVit}.
 *
 * @module vit-wasm/react
 */
import { useEffect, useState } from 'react';
import {
  load,
  type ClassifyOptions,
  type LoadOptions,
  type Model,
  type ModelLocation,
  type Prediction,
  type Source,
  type WatchClassifyOptions,
  type WatchSource,
} from './index.js';

/** What a component sees of its model, renewed with every render. */
export interface VitState<Label extends string = string> {
  /** The model, once it is loaded, for whatever the hook has no function for. */
  readonly model: Model<Label> | undefined;
  /** How much of the load is done, 0 to 1, in hundredths. */
  readonly progress: number;
  /** Why the model could not be loaded, or why the latest call failed. */
  readonly error: Error | undefined;
  /** Whether a call is under way. */
  readonly busy: boolean;
  /** The latest answer. */
  readonly predictions: readonly Prediction<Label>[] | undefined;
  /** Answers per second, while a video is watched. */
  readonly fps: number | undefined;
}

/** What a component can do; the same functions with every render. */
export interface VitCalls<Label extends string = string> {
  /**
   * Classifies a picture, as soon as the model is loaded; a newer call, or `watch`, takes its place. Resolves to the
   * predictions, and to undefined when it failed (`error` says why) or was cancelled. Never rejects.
   */
  readonly classify: (
    source: Source,
    options?: Omit<ClassifyOptions, 'signal'>,
  ) => Promise<readonly Prediction<Label>[] | undefined>;
  /** Classifies a video's or stream's frames until it ends or another call takes its place. Never rejects. */
  readonly watch: (source: WatchSource, options?: Omit<WatchClassifyOptions, 'signal'>) => Promise<void>;
  /** Ends the call that is under way. */
  readonly cancel: () => void;
}

/** The options of `load` that {@link useVit} takes. */
export type VitOptions = Omit<LoadOptions, 'signal' | 'onProgress'>;

type Update<Label extends string> = (change: (state: VitState<Label>) => VitState<Label>) => void;

const nothing = {
  model: undefined,
  progress: 0,
  error: undefined,
  busy: false,
  predictions: undefined,
  fps: undefined,
} as const;

/** The one model of a component, and the one call that counts. */
class Control<Label extends string> implements VitCalls<Label> {
  readonly #update: Update<Label>;
  #loading: Promise<Model<Label>> | undefined;
  #call: AbortController | undefined;

  constructor(update: Update<Label>) {
    this.#update = update;
  }

  /** Loads a model; returns a function that releases it. */
  start(location: ModelLocation | undefined, options: VitOptions): () => void {
    const life = new AbortController();
    const { signal } = life;
    const loading = load<Label>(location, {
      ...options,
      signal,
      onProgress: ({ overall: { loaded, total } }) => {
        const progress = Math.floor((100 * loaded) / total) / 100;
        this.#update((state) =>
          signal.aborted || state.progress === progress ? state : { ...state, progress },
        );
      },
    });
    this.#loading = loading;
    loading.then(
      (model) => this.#show(signal, { model, progress: 1 }),
      (error: Error) => this.#show(signal, { error }),
    );
    return () => {
      life.abort();
      this.cancel();
      this.#loading = undefined;
      loading.then(
        (model) => model.dispose(),
        () => undefined,
      );
      this.#update(() => nothing);
    };
  }

  readonly classify: VitCalls<Label>['classify'] = (source, options) =>
    this.#begin(async (model, signal) => {
      const predictions = await model.classify(source, { ...options, signal });
      this.#show(signal, { predictions });
      return predictions;
    });

  readonly watch: VitCalls<Label>['watch'] = (source, options) =>
    this.#begin(async (model, signal) => {
      for await (const { predictions, fps } of model.watch(source, { ...options, signal })) {
        this.#show(signal, { predictions, fps });
      }
    });

  readonly cancel = (): void => {
    this.#call?.abort();
    this.#call = undefined;
    this.#update((state) => (state.busy ? { ...state, busy: false, fps: undefined } : state));
  };

  async #begin<T>(work: (model: Model<Label>, signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    this.#call?.abort();
    const { signal } = (this.#call = new AbortController());
    this.#update((state) => ({ ...state, busy: true, error: undefined, fps: undefined }));
    try {
      // Effects of children run before the one that loads, and StrictMode runs all of them twice.
      if (!this.#loading) await Promise.resolve();
      const model = await this.#loading;
      if (!model || signal.aborted) return undefined;
      return await work(model, signal);
    } catch (error) {
      this.#show(signal, { error: error as Error });
      return undefined;
    } finally {
      this.#show(signal, { busy: false, fps: undefined });
    }
  }

  /** Ignores the outcome of an aborted load or call. */
  #show(signal: AbortSignal, part: Partial<VitState<Label>>): void {
    if (!signal.aborted) this.#update((state) => ({ ...state, ...part }));
  }
}

/**
 * A model for as long as the component is mounted: loaded when it appears, or when `location` changes, and disposed of
 * when it goes. A `location` that is no string should be the same object from one render to the next; `options` are
 * read when a load begins, and changing them alone loads nothing anew.
 *
 * Renders again whenever a hundredth has been loaded, a call begins, answers or ends, or something fails. On a server
 * it does nothing.
 *
 * @example
 * ```tsx
 * import { useVit } from 'vit-wasm/react';
 *
 * export function Classifier() {
 *   const { model, progress, error, predictions, classify } = useVit('facebook/deit-tiny-patch16-224');
 *   if (error) return <p role="alert">{error.message}</p>;
 *   if (!model) return <progress value={progress} />;
 *   return (
 *     <>
 *       <input type="file" onChange={({ target }) => target.files?.[0] && classify(target.files[0])} />
 *       <ol>{predictions?.map(({ label }) => <li key={label}>{label}</li>)}</ol>
 *     </>
 *   );
 * }
 * ```
 *
 * @group Start here
 */
export function useVit<Label extends string = string>(
  location?: ModelLocation,
  options: VitOptions = {},
): VitState<Label> & VitCalls<Label> {
  const [state, update] = useState<VitState<Label>>(nothing);
  const [control] = useState(() => new Control<Label>(update));
  useEffect(() => control.start(location, options), [control, location]);
  const { classify, watch, cancel } = control;
  return { ...state, classify, watch, cancel };
}
