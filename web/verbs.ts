// What a loaded model can do, each verb written once: run in place and in the worker alike.
import { topPredictions } from './labels.js';
import type { Session } from './session.js';
import type { Prediction, RawImage } from './types.js';

/** A verb takes a picture and, where it has any, options, which are plain data; so is its result. */
type VerbBody = (session: Session, image: RawImage, options: never) => unknown;

export const verbs = {
  /** The most probable classes, the most probable first. */
  classify(session: Session, image: RawImage, options: { readonly topK: number }): Prediction[] {
    session.engine.preprocess(image);
    session.engine.forward();
    return topPredictions(session.engine.probabilities(), session.info.labels, options.topK);
  },

  /** [classes], before softmax. */
  logits(session: Session, image: RawImage): Float32Array {
    session.engine.preprocess(image);
    session.engine.forward();
    return session.engine.logits();
  },

  /** The pixel values [3 × height × width]. */
  preprocess(session: Session, image: RawImage): Float32Array {
    session.engine.preprocess(image);
    return session.engine.pixelValues();
  },
} satisfies Record<string, VerbBody>;

export type Verb = keyof typeof verbs;
/** What follows the picture: the verb's options, or nothing. */
export type VerbOptions<V extends Verb> = Parameters<(typeof verbs)[V]>[2];
export type VerbResult<V extends Verb> = ReturnType<(typeof verbs)[V]>;

/** Performs one verb on one picture. */
export function perform<V extends Verb>(
  session: Session,
  verb: V,
  image: RawImage,
  options: VerbOptions<V>,
): VerbResult<V> {
  const body = verbs[verb] as (session: Session, image: RawImage, options: VerbOptions<V>) => VerbResult<V>;
  return session.engine.guard(() => body(session, image, options));
}
