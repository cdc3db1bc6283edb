// What a loop does with each picture: one of the model's verbs, or a function of the caller's.
import type { ClassifyOptions, ModelInfo, Source, WatchOptions, WatchVerb } from '../types.js';
import type { Kit } from './kit.js';
import { averageOfNumbers, averageOfPredictions, type Average } from './smoothing.js';

export type Answer = (picture: Source, options: { readonly signal: AbortSignal }) => unknown;
export type AnyOptions = WatchOptions & { readonly verb?: WatchVerb | Answer | undefined };

/** The verbs of a model that are known by name. */
type Verbs = Readonly<Record<WatchVerb, (picture: Source, options: object) => Promise<unknown>>> & {
  readonly info: ModelInfo;
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

/** Options that single calls or other loops have, and why a loop has not. */
const foreign = {
  watch: { latest: 'it always is', settle: 'an error ends it' },
  each: {
    latest: 'all of its pictures count',
    settle: 'it always does',
    fps: 'its pictures are no frames of a video',
    smoothing: 'its pictures are no frames of a video',
  },
} as const;

/**
 * What is done with each picture, and what the result is called. All options are checked. `caller` is the loop that they
 * were given to.
 */
export function answerOf(
  { kit, model }: Pick<Lent, 'kit' | 'model'>,
  options: AnyOptions,
  caller: keyof typeof foreign = 'watch',
): { answer: Answer; field: string } {
  const { fps, smoothing = 0, verb = 'classify', ...others } = options;
  const verbOptions = { ...others, signal: undefined };
  const { VitError, wrong } = kit;
  for (const [name, reason] of Object.entries(foreign[caller])) {
    if ((options as Record<string, unknown>)[name] === undefined) continue;
    throw new VitError(
      'unsupported-option',
      `${caller} has no option "${name}", because ${reason}; leave it out.`,
    );
  }
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
  kit.checkRequest(verb, verbOptions, model.info);
  const field = verb === 'classify' ? 'predictions' : 'value';
  if (smoothing > 0) return { answer: smoothed(model, verb, smoothing, verbOptions), field };
  return { answer: (picture, call) => model[verb](picture, { ...verbOptions, ...call }), field };
}

function smoothed(model: Verbs, verb: WatchVerb, smoothing: number, options: object): Answer {
  if (verb !== 'classify') {
    const isUnit = 'normalize' in options && options.normalize === true;
    const average = () => averageOfNumbers(smoothing, isUnit);
    const answer: Answer = (picture, call) => model[verb](picture, { ...options, ...call });
    return verb === 'logits' ? ofOneSetOfLabels(model, answer, average) : averaged(answer, average());
  }
  // Which classes come first is known only once they are smoothed.
  const all: ClassifyOptions = { ...options, topK: Number.MAX_SAFE_INTEGER, threshold: 0 };
  const answer: Answer = (picture, call) => model.classify(picture, { ...all, ...call });
  return ofOneSetOfLabels(model, answer, () => averageOfPredictions(smoothing, options));
}

function averaged<T>(answer: Answer, average: Average<T>): Answer {
  return async (picture, call) => average((await answer(picture, call)) as T);
}

/** Begins a new average whenever the model's labels change: classes of different labels have nothing in common. */
function ofOneSetOfLabels<T>(model: Verbs, answer: Answer, begin: () => Average<T>): Answer {
  let average = begin();
  let labels: readonly string[] | undefined;
  return async (picture, call) => {
    const before = model.info.labels;
    const next = (await answer(picture, call)) as T;
    const after = model.info.labels;
    if (before !== labels || after !== labels) average = begin();
    // Where they changed meanwhile, it is not known whose answer this is.
    labels = before === after ? after : undefined;
    return average(next);
  };
}
