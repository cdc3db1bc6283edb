// The calls of a model on pictures: each read, queued and run.
import { VitError } from '../errors.js';
import { checkRegion } from '../options.js';
import { limited } from '../patience.js';
import type { Picture } from '../pictures/decode.js';
import { buffered, type Rgb } from '../pictures/pixels.js';
import { readPixels, type Reading } from '../pictures/sources.js';
import type { PictureOptions, SettleOptions, Source } from '../types.js';
import type { Queue } from './queue.js';
import type { Runner } from './runner.js';
import type { Verb, VerbOptions } from './verbs.js';

/** Performs verbs on pictures, one after another, in a queue that other calls may share. */
export class Calls {
  readonly #runner: Runner;
  readonly #queue: Queue;
  readonly #background: Rgb | undefined;

  constructor(runner: Runner, queue: Queue, background: Rgb | undefined) {
    this.#runner = runner;
    this.#queue = queue;
    this.#background = background;
  }

  /** Queues a verb on one picture, or on each of an array. Options that are a function are asked for in their turn. */
  perform<V extends Verb>(
    verb: V,
    source: Source | readonly Source[],
    options: VerbOptions<V> | (() => VerbOptions<V>),
    { region, signal, latest, settle }: PictureOptions & Partial<SettleOptions>,
  ): Promise<unknown> {
    this.#queue.check(signal);
    checkRegion(region);
    const decodesElsewhere = this.#runner.decodes;
    const reading = { region, background: this.#background, signal, decodesElsewhere };
    const read = (one: Source, itsTurn: boolean) => {
      // A picture that never arrives must not hold up later calls once its own call has been aborted.
      const pixels = limited(this.#read(one, reading, itsTurn), { signal });
      // Marks the rejection as handled: it is reported when the call's turn comes.
      pixels.catch(() => undefined);
      return pixels;
    };
    const resolved = () => (typeof options === 'function' ? options() : options);
    const runWith = (given: VerbOptions<V>) => (pixels: Picture | undefined) =>
      this.#runner.run(verb, pixels, given);
    const kind = latest ? verb : undefined;
    if (Array.isArray(source)) {
      const sources = source as readonly Source[];
      const work = () => this.#each(sources, read, runWith(resolved()), signal, settle);
      return this.#queue.inTurn(signal, work, kind);
    }
    if (settle) {
      throw new VitError('invalid-argument', 'settle is for arrays of pictures; for one, catch its error.');
    }
    const one = source as Source;
    const itsTurn = this.#queue.isEmpty;
    // What is wrong with the options is known before the picture goes to the worker.
    const known = itsTurn ? resolved() : undefined;
    const begun = latest ? undefined : read(one, itsTurn);
    const work = async () => {
      const run = runWith(known ?? resolved());
      return run(await (begun ?? read(one, true)));
    };
    return this.#queue.inTurn(signal, work, kind);
  }

  /**
   * A picture to be passed to the runner; undefined once the runner has it. What may change is read before this returns
   * its promise: to the runner in its turn, else into memory.
   */
  async #read(source: Source, reading: Reading, itsTurn: boolean): Promise<Picture | undefined> {
    const begun = readPixels(source, reading);
    if (itsTurn && 'bands' in begun && begun.live) return this.#runner.take(begun);
    const picture = 'bands' in begun && begun.live ? buffered(begun) : await begun;
    // A queued call must not keep a canvas alive: Safari limits their memory (pictures/canvas.ts).
    return itsTurn || 'file' in picture ? picture : buffered(picture);
  }

  /** Runs a verb on each of an array's pictures; the next is read while the worker has this one. */
  async #each(
    sources: readonly Source[],
    read: (source: Source, itsTurn: boolean) => Promise<Picture | undefined>,
    run: (pixels: Picture | undefined) => Promise<unknown>,
    signal: AbortSignal | undefined,
    settle: boolean | undefined,
  ): Promise<unknown[]> {
    const results: unknown[] = [];
    let ahead: Promise<Picture | undefined> | undefined;
    for (const [at, one] of sources.entries()) {
      this.#queue.check(signal);
      const pixels = ahead ?? read(one, true);
      const running = pixels.then(run);
      const outcome = settle ? this.#settled(running, signal) : running;
      outcome.catch(() => undefined);
      await pixels.catch(() => undefined);
      ahead = at + 1 < sources.length ? read(sources[at + 1], false) : undefined;
      results.push(await outcome);
    }
    return results;
  }

  /** The outcome of one picture's call; rejects only if the whole call is aborted or the queue has ended. */
  #settled<T>(running: Promise<T>, signal: AbortSignal | undefined): Promise<PromiseSettledResult<T>> {
    return running.then(
      (value) => ({ status: 'fulfilled', value }),
      (reason: unknown) => {
        this.#queue.check(signal);
        return { status: 'rejected', reason };
      },
    );
  }
}
