// What a loop does with each picture: one of the model's verbs, or a function of the caller's.
import type { CallOptions, ClassifyOptions, Source, WatchOptions, WatchVerb } from '../types.js';
import type { Kit } from './kit.js';
import { averageOfNumbers, averageOfPredictions, type Average } from './smoothing.js';

export type Answer = (picture: Source, options: { readonly signal: AbortSignal }) => unknown;
export type AnyOptions = WatchOptions & { readonly verb?: WatchVerb | Answer | undefined };

/** The verbs of a model that are known by name. */
type Verbs = Readonly<Record<WatchVerb, (picture: Source, options: object) => Promise<unknown>>> & {
  readonly info: { readonly classes: number };
};

/** What a model lends to a loop. */
export interface Lent {
  readonly kit: Kit;
  readonly model: Verbs;
  /** Aborts when the model is disposed of. */
  readonly disposed: AbortSignal;
  /** Resolves when no other call is under way: a frame that waited for its turn would no longer be the newest. */
  readonly idle: () => Promise<unknown>;
}

const verbs: readonly WatchVerb[] = ['classify', 'logits', 'embed', 'tokens', 'attention', 'preprocess'];

/** What is done with each picture, and what the result is called. `caller` is the loop's name in messages. */
export function answerOf(
  { kit, model }: Pick<Lent, 'kit' | 'model'>,
  options: AnyOptions,
  caller = 'watch',
): { answer: Answer; field: string } {
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
      `${caller} has no option "${unknown}" for a verb that is a function; use it inside the function.`,
    );
  }
  if (!verbs.includes(verb)) {
    const names = verbs.map((name) => `"${name}"`).join(', ');
    throw wrong('verb', verb, `a function or one of ${names}`);
  }
  const run = (given: object) => (picture: Source, call: CallOptions) =>
    model[verb](picture, { ...given, ...call });
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
