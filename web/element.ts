/**
 * A model as an element: `<vit-classifier>`.
 *
 * @module vit-wasm/element
 */
import { load, type Model, type Prediction, type Source, type WatchSource } from './index.js';

/** On a server, which renders pages but has none, there is no HTMLElement. */
const Base = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

/**
 * `<vit-classifier>`: loads a model and lists the most probable classes of the picture or video inside it, as text.
 *
 * | attribute | |
 * |---|---|
 * | `model` | what to load: a Hub id or an address; default: the built-in model |
 * | `top-k` | how many classes to list; default: 5 |
 * | `smoothing` | for videos; see `Model.watch` |
 *
 * An `<img>`, `<canvas>` or `<video>` inside it is classified once the model is loaded, an `<img>` again whenever it
 * loads another picture; for other sources call `classify`. Events: `progress` (`detail` is 0 to 1), `load` (the
 * `Model`), `predictions` and `error`; errors are also shown in place of the list. Style `::part(list)`,
 * `::part(answer)`, `::part(error)`, `::part(progress)`.
 *
 * @example
 * ```ts
 * import 'vit-wasm/element';
 *
 * const classifier = document.querySelector('vit-classifier');
 * classifier?.addEventListener('predictions', (event) => console.log((event as CustomEvent).detail));
 * const predictions = await classifier?.classify('./photo.jpg');
 * ```
 */
export class VitClassifier extends Base {
  /** @internal */
  static readonly observedAttributes = ['model'];

  #root: ShadowRoot | undefined;
  #life: AbortController | undefined;
  #call: AbortController | undefined;
  #model: Promise<Model> | undefined;

  /** @internal */
  connectedCallback(): void {
    this.#root ??= this.attachShadow({ mode: 'open' });
    this.#start();
  }

  /** @internal */
  disconnectedCallback(): void {
    this.#end();
  }

  /** @internal */
  attributeChangedCallback(_name: string, before: string | null): void {
    if (!this.#life || before === this.getAttribute('model')) return;
    this.#end();
    this.#start();
  }

  /** The model. Rejects if it could not be loaded, or if the element is not in a page. */
  get model(): Promise<Model> {
    return (
      this.#model ?? Promise.reject(new Error('A <vit-classifier> loads its model once it is in the page.'))
    );
  }

  /** Classifies a picture and lists its classes. A newer call, or one of `watch`, replaces it. */
  async classify(source: Source): Promise<readonly Prediction[]> {
    const signal = this.#begin();
    return await this.#shown(signal, async (model) => {
      const predictions = await model.classify(source, { topK: this.#topK, signal });
      this.#list(predictions);
      return predictions;
    });
  }

  /** Lists the classes of a video's or stream's frames until it ends or another call is made. */
  async watch(source: WatchSource): Promise<void> {
    const signal = this.#begin();
    const smoothing = Number(this.getAttribute('smoothing') ?? 0);
    await this.#shown(signal, async (model) => {
      const options = { topK: this.#topK, smoothing, signal };
      for await (const { predictions } of model.watch(source, options)) this.#list(predictions);
    });
  }

  get #topK(): number {
    return Number(this.getAttribute('top-k') ?? 5);
  }

  #start(): void {
    const life = (this.#life = new AbortController());
    const { signal } = life;
    const bar = Object.assign(document.createElement('progress'), { value: 0 });
    this.#show('progress', bar);
    const onProgress = ({ overall }: { overall: { loaded: number; total: number } }) => {
      bar.value = overall.loaded / overall.total;
      this.#tell('progress', bar.value);
    };
    const loading = load(this.getAttribute('model') ?? undefined, { signal, onProgress });
    this.#model = loading;
    loading.then(
      (model) => {
        signal.addEventListener('abort', () => model.dispose());
        if (signal.aborted) return model.dispose();
        bar.remove();
        this.#tell('load', model);
        this.#follow(signal);
      },
      (error: unknown) => signal.aborted || this.#fail(error),
    );
  }

  /** Classifies what is inside the element. */
  #follow(signal: AbortSignal): void {
    const inside = this.querySelector<HTMLImageElement | HTMLCanvasElement | HTMLVideoElement>(
      'img, canvas, video',
    );
    if (!inside) return;
    const look = () => {
      const done = inside instanceof HTMLVideoElement ? this.watch(inside) : this.classify(inside);
      done.catch(() => undefined); // The error has been shown.
    };
    look();
    if (inside instanceof HTMLImageElement) {
      inside.addEventListener('load', look, { signal });
      inside.addEventListener('error', look, { signal }); // says so, instead of still listing the picture before
    }
    if (inside instanceof HTMLVideoElement) inside.addEventListener('play', look, { signal });
  }

  #end(): void {
    this.#call?.abort();
    this.#life?.abort();
    this.#life = this.#model = undefined;
  }

  #begin(): AbortSignal {
    this.#call?.abort();
    this.#call = new AbortController();
    return this.#call.signal;
  }

  /** The result of `work`. An error is shown, unless a newer call has replaced this one. */
  async #shown<T>(signal: AbortSignal, work: (model: Model) => Promise<T>): Promise<T> {
    try {
      const model = await this.model;
      signal.throwIfAborted();
      return await work(model);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
      throw error;
    }
  }

  #list(predictions: readonly Prediction[]): void {
    const items = predictions.map(({ label, probability }) => {
      const item = document.createElement('li');
      item.part.add('answer');
      // Labels come from the model's author, so they are inserted as text, never as HTML.
      item.append(`${label} `, Object.assign(document.createElement('meter'), { value: probability }));
      return item;
    });
    const list = document.createElement('ol');
    list.append(...items);
    this.#show('list', list);
    this.#tell('predictions', predictions);
  }

  #fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#show('error', Object.assign(document.createElement('p'), { role: 'alert', textContent: text }));
    this.#tell('error', error);
  }

  #show(part: string, element: HTMLElement): void {
    element.part.add(part);
    this.#root?.replaceChildren(document.createElement('slot'), element);
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'vit-classifier': VitClassifier;
  }
}

if (globalThis.customElements && !customElements.get('vit-classifier')) {
  customElements.define('vit-classifier', VitClassifier);
}
