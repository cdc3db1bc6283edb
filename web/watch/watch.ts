// The newest frame of a source → what a verb gives for it, again and again.
import type { Model } from '../model.js';
import type {
  CallOptions,
  ClassifyOptions,
  Source,
  WatchOptions,
  WatchRate,
  WatchSource,
  WatchVerb,
} from '../types.js';
import { close, framesOf, type Frame } from './frames.js';
import type { Kit } from './kit.js';
import { averageOfNumbers, averageOfPredictions, type Average } from './smoothing.js';

type Answer = (picture: Source, options: { readonly signal: AbortSignal }) => unknown;
type AnyOptions = WatchOptions & { readonly verb?: WatchVerb | Answer | undefined };

/** What a model lends to a watch. */
export interface Lent {
  readonly kit: Kit;
  readonly model: Model;
  /** Aborts when the model is disposed of. */
  readonly disposed: AbortSignal;
  /** Resolves when no other call is under way: a frame that waited for its turn would no longer be the newest. */
  readonly idle: () => Promise<unknown>;
}

export async function* watch(
  lent: Lent,
  source: WatchSource,
  options: AnyOptions,
): AsyncGenerator<WatchRate, void, undefined> {
  const { kit, disposed, idle } = lent;
  const { checkIsOptions, checkSignal, limited } = kit;
  checkIsOptions(options, ['fps'], 'watch');
  checkSignal(options.signal);
  const { answer, field } = answerOf(lent, options);
  const pace = new Pace(options.fps);
  const frames = framesOf(source, kit);
  const { signal, unlink } = eitherOf(disposed, options.signal);
  try {
    for (;;) {
      if (await untilVisible(kit, signal)) pace.resume();
      await limited(idle(), { signal });
      const frame = await limited(
        frames.take((frame) => pace.patience(frame)),
        { signal },
      );
      if (!frame) return;
      pace.taken(frame);
      if (isHidden()) close(frame.picture);
      else {
        const value = await answered(frame, answer, signal).catch((error: unknown) => {
          // The source may end while it is being read.
          if (frames.ended && kit.hasCode(error, 'invalid-source')) return undefined;
          throw error;
        });
        if (!value) return;
        yield { [field]: value.value, ...pace.answered(frame) };
      }
    }
  } finally {
    frames.stop();
    unlink();
  }
}

/** A signal that aborts when one of two does: `AbortSignal.any` for browsers from before 2024. */
function eitherOf(first: AbortSignal, second: AbortSignal | undefined) {
  const either = new AbortController();
  const signals = second ? [second, first] : [first];
  const follow = () => either.abort(signals.find(({ aborted }) => aborted)?.reason);
  if (signals.some(({ aborted }) => aborted)) follow();
  for (const signal of signals) signal.addEventListener('abort', follow);
  const unlink = () => signals.forEach((signal) => signal.removeEventListener('abort', follow));
  return { signal: either.signal, unlink };
}

/** What the verb gives for a frame, which is closed then. */
async function answered(
  { picture }: Frame,
  answer: Answer,
  signal: AbortSignal,
): Promise<{ value: unknown }> {
  try {
    return { value: await answer(picture, { signal }) };
  } finally {
    close(picture);
  }
}

const verbs: readonly WatchVerb[] = ['classify', 'logits', 'embed', 'tokens', 'preprocess'];

/** What is done with each frame, and what the result is called. */
function answerOf({ kit, model }: Lent, options: AnyOptions): { answer: Answer; field: string } {
  const { fps, smoothing = 0, verb = 'classify', ...others } = options;
  const verbOptions = { ...others, signal: undefined };
  const { VitError, wrong } = kit;
  if (fps !== undefined && !(typeof fps === 'number' && fps > 0)) {
    throw wrong('fps', fps, 'a number above 0');
  }
  if (typeof smoothing !== 'number' || !(smoothing >= 0 && smoothing < 1)) {
    throw wrong('smoothing', smoothing, 'a number from 0 to less than 1');
  }
  if (typeof verb === 'function') {
    const [unknown] =
      Object.entries({ ...verbOptions, smoothing: smoothing || undefined }).find(
        ([, value]) => value !== undefined,
      ) ?? [];
    if (unknown === undefined) return { answer: verb, field: 'value' };
    throw new VitError(
      'unsupported-option',
      `watch has no option "${unknown}" for a verb that is a function; use it inside the function.`,
    );
  }
  if (!verbs.includes(verb)) {
    const names = verbs.map((name) => `"${name}"`).join(', ');
    throw wrong('verb', verb, `a function or one of ${names}`);
  }
  const run = (given: object) => (picture: Source, call: CallOptions) =>
    (model[verb] as (picture: Source, options: object) => Promise<unknown>)(picture, { ...given, ...call });
  const field = verb === 'classify' ? 'predictions' : 'value';
  if (smoothing === 0) return { answer: run(verbOptions), field };
  return { answer: smoothed({ kit, model }, verb, smoothing, verbOptions, run), field };
}

function smoothed(
  { kit, model }: Pick<Lent, 'kit' | 'model'>,
  verb: WatchVerb,
  smoothing: number,
  options: object,
  run: (given: object) => Answer,
): Answer {
  const through =
    <T>(answer: Answer, average: Average<T>): Answer =>
    async (picture, call) =>
      average((await answer(picture, call)) as T);
  if (verb !== 'classify') {
    const isUnit = 'normalize' in options && options.normalize === true;
    return through(run(options), averageOfNumbers(smoothing, isUnit));
  }
  kit.checkClassifyOptions(options);
  // Which classes come first is known only once they are smoothed.
  const all: ClassifyOptions = { ...options, topK: Math.max(1, model.info.classes), threshold: 0 };
  return through(run(all), averageOfPredictions(smoothing, options));
}

/** The last answers that count for the rate. */
const counted = 10;

/** Which frames are taken, and how fast they are answered. */
class Pace {
  readonly #interval: number;
  /** How much too early a frame may come: cameras are not regular. */
  readonly #early: number;
  /** When the next frame is due. */
  #due = -Infinity;
  #taken = 0;
  /** Milliseconds that the last answer took. */
  #pass = Infinity;
  #resumed = -Infinity;
  #answers: number[] = [];

  constructor(fps = Infinity) {
    this.#interval = 1000 / fps;
    this.#early = this.#interval / 4;
  }

  /** Time that nobody was watching counts neither as latency nor in the rate. */
  resume(): void {
    this.#resumed = performance.now();
    this.#answers = [];
  }

  /**
   * A frame that comes too early is taken only if it is the last for long, as that of a video that was paused. One that
   * came early in the last forward pass gives way to the next, which is near, but not for so long that its own answer
   * comes later than two passes.
   */
  patience({ since }: Frame): number {
    const now = performance.now();
    if (since < this.#due - this.#early) return this.#due + this.#interval - now;
    const age = now - since;
    return age > this.#pass / 2 ? this.#pass - age : 0;
  }

  taken({ since }: Frame): void {
    this.#taken = performance.now();
    this.#due = Math.max(this.#due, since - this.#early) + this.#interval;
  }

  answered({ since }: Frame): WatchRate {
    const now = performance.now();
    this.#pass = now - this.#taken;
    this.#answers = [...this.#answers, now].slice(-counted);
    const passed = now - this.#answers[0];
    return {
      fps: passed > 0 ? (1000 * (this.#answers.length - 1)) / passed : 0,
      latency: now - Math.max(since, this.#resumed),
    };
  }
}

/** A worker is never hidden. */
function isHidden(): boolean {
  return typeof document === 'object' && document.hidden;
}

/** Waits while the page is hidden; whether it was. */
async function untilVisible({ limited }: Kit, signal: AbortSignal): Promise<boolean> {
  const wasHidden = isHidden();
  while (isHidden()) {
    let seen: () => void = () => undefined;
    const change = new Promise<void>((resolve) => (seen = resolve));
    document.addEventListener('visibilitychange', seen);
    await limited(change, { signal }).finally(() => document.removeEventListener('visibilitychange', seen));
  }
  return wasHidden;
}
