import type { Runner } from '../../web/runtime/runner.js';
import type { Session } from '../../web/runtime/session.js';
import {
  encodeTexts,
  perform,
  type Verb,
  type VerbOptions,
  type VerbResult,
} from '../../web/runtime/verbs.js';
import type { Pixels } from '../../web/pictures/pixels.js';
import type { Picture } from '../../web/pictures/decode.js';

/** Runs a session in this thread, so that the API can be put around it. */
export function runnerOf(session: Session): Runner {
  const { engine, info, kept } = session;
  const take = (picture: Pixels) => void engine.guard(() => engine.preprocess(picture));
  return {
    info,
    kept,
    decodes: false,
    take,
    run: async <V extends Verb>(
      verb: V,
      picture: Picture | undefined,
      options: VerbOptions<V>,
    ): Promise<VerbResult<V>> => {
      if (picture) take(picture as Pixels);
      return await Promise.resolve(perform(session, verb, options));
    },
    encode: (texts) => encodeTexts(session, texts),
    dispose: () => engine.dispose(),
  };
}
