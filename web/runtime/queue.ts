import { VitError } from '../errors.js';

/** The calls of a model, performed one after another in the order they were made. */
export class Queue {
  /** Settles when every call made so far has. */
  #last: Promise<unknown> = Promise.resolve();
  /** How many have not. */
  #length = 0;
  /** Rejects the calls that have not settled yet. */
  readonly #unsettled = new Set<(reason: unknown) => void>();
  /** What ends the waiting call of a kind that a newer one replaces. */
  readonly #replaceable = new Map<string, () => void>();
  #end: VitError | undefined;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Resolves when every call made so far has settled. */
  idle(): Promise<unknown> {
    return this.#last;
  }

  /** Throws when the signal has aborted, or the queue has ended. */
  check(signal?: AbortSignal): void {
    signal?.throwIfAborted();
    if (this.#end) throw this.#end;
  }

  /**
   * Does `work` after all earlier calls, unless the signal aborts or the queue ends first; or, if it has a `kind`,
   * unless another call of that kind is made before its turn.
   */
  inTurn<T>(signal: AbortSignal | undefined, work: () => Promise<T>, kind?: string): Promise<T> {
    let replaced: VitError | undefined;
    const canBeReplaced = kind !== undefined && !this.isEmpty;
    this.#length++;
    const turn = this.#last
      .then(() => {
        this.check(signal);
        if (replaced) throw replaced;
        if (canBeReplaced) this.#replaceable.delete(kind);
        return work();
      })
      .finally(() => this.#length--);
    this.#last = turn.catch(() => undefined);
    const call = this.unlessEnded(signal, turn);
    if (!canBeReplaced) return call;
    return new Promise((resolve, reject) => {
      call.then(resolve, reject);
      this.#replaceable.get(kind)?.();
      this.#replaceable.set(kind, () => {
        replaced = new VitError(
          'superseded',
          `A newer call of ${kind} with \`latest: true\` replaced this one.`,
        );
        reject(replaced);
      });
    });
  }

  /** The result of `work`, unless the signal aborts or the queue ends first. */
  unlessEnded<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // The reason is the caller's own, of any type.
      const abort = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', abort);
      const forget = this.whenEnded(reject);
      const settled = () => {
        signal?.removeEventListener('abort', abort);
        forget();
      };
      work.then(resolve, reject).finally(settled);
    });
  }

  /** Calls back when the queue ends; returns a function that cancels this. */
  whenEnded(callback: (reason: unknown) => void): () => void {
    this.#unsettled.add(callback);
    return () => this.#unsettled.delete(callback);
  }

  /** Rejects all pending and later calls. Returns false if it has been called before. */
  end(reason: VitError): boolean {
    if (this.#end) return false;
    this.#end = reason;
    for (const reject of this.#unsettled) reject(reason);
    this.#unsettled.clear();
    return true;
  }
}
