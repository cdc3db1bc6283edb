// The newest frame of a source → what a verb gives for it, again and again.
import type { WatchRate, WatchSource } from '../types.js';
import { eitherOf } from './either.js';
import { close, framesOf, type Frame } from './frames.js';
import type { Kit } from './kit.js';
import { answerOf, type Answer, type AnyOptions, type Lent } from './verb.js';

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
  const { signal, stop } = eitherOf(disposed, options.signal);
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
          // A video may end, seek or load another file before its frame is read.
          if (kit.hasCode(error, 'invalid-source') && (frames.ended || frames.blank)) return undefined;
          throw error;
        });
        signal.throwIfAborted();
        if (value) yield { [field]: value.value, ...pace.answered(frame) };
      }
    }
  } finally {
    frames.stop();
    stop();
  }
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

  /** Time while the loop was paused counts neither as latency nor in the rate. */
  resume(): void {
    this.#resumed = performance.now();
    this.#answers = [];
  }

  /**
   * How many milliseconds a frame waits for a later one. A frame before its due time is used only if no later one
   * follows soon, as when a video is paused; one that arrived early in the last forward pass waits for the next, but at
   * most until its answer would be two passes old.
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
