import { Engine } from '../engine/engine.js';
import { instantiate, type Glue } from '../engine/bindings.js';
import { limited, sleep } from '../patience.js';
import type { Picture } from '../pictures/decode.js';
import type { Pixels } from '../pictures/pixels.js';
import type { Runner } from './runner.js';
import { openSession, type Session } from './session.js';
import type { SessionContext, SessionRequest } from './session-request.js';
import type { ModelInfo } from '../types.js';
import type { TextVectors } from './text-model.js';
import { encodeTexts, perform, type Verb, type VerbOptions, type VerbResult } from './verbs.js';

/** Milliseconds after which this thread may do other work between two pictures. */
const longestBusy = 16;

/** Milliseconds that storing downloads may continue after an abort. */
const longestKeep = 500;

/** A model that runs in this thread. */
export class InPlace implements Runner {
  readonly #session: Session;
  #busySince = 0;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async start(
    request: SessionRequest,
    glue: Promise<Glue>,
    module: Promise<WebAssembly.Module>,
    context: Omit<SessionContext, 'rare'>,
  ): Promise<InPlace> {
    const making = Promise.all([glue, module]).then(
      async ([started, compiled]) => new Engine(await instantiate(started, compiled)),
    );
    const session = await openSession(request, making, { ...context, rare: () => import('./rare.js') });
    // The caller's own cache may take forever; the built-in one is given time to clean up.
    await limited(session.kept, { signal: context.signal }).catch(() =>
      Promise.race([session.kept, sleep(longestKeep)]),
    );
    if (context.signal?.aborted) {
      session.engine.dispose();
      throw context.signal.reason;
    }
    return new InPlace(session);
  }

  readonly decodes = false;

  get kept(): Promise<void> {
    return this.#session.kept;
  }

  get info(): ModelInfo {
    return this.#session.info;
  }

  take(picture: Pixels): undefined {
    const { engine } = this.#session;
    engine.guard(() => engine.preprocess(picture));
  }

  async run<V extends Verb>(
    verb: V,
    picture: Picture | undefined,
    options: VerbOptions<V>,
  ): Promise<VerbResult<V>> {
    // A series of pictures would otherwise leave no time for an abort, or for anything else.
    if (performance.now() - this.#busySince > longestBusy) {
      await new Promise((resolve) => setTimeout(resolve));
      this.#busySince = performance.now();
    }
    if (picture) this.take(picture as Pixels);
    return perform(this.#session, verb, options);
  }

  async encode(texts: readonly (readonly number[])[]): Promise<TextVectors> {
    return await encodeTexts(this.#session, texts);
  }

  dispose(): void {
    this.#session.engine.dispose();
  }
}
