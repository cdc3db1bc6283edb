import { browserStore } from '../cache/browser-cache.js';
import { openFile } from '../checkpoint/files/source.js';
import { Engine } from '../engine/engine.js';
import { isVitError, messageOf, VitError } from '../errors.js';
import { decodeFile } from '../pictures/decode.js';
import { instantiate, type Glue } from '../engine/bindings.js';
import { shown } from '../shown.js';
import { storeOf } from '../cache/custom-cache.js';
import { holdLifeSign, type LifeSign } from './life-sign.js';
import { isRequest, packError, type Answer, type Port, type Reply, type Request } from './protocol.js';
import { RemoteCache } from '../cache/remote-cache.js';
import { openSession, type Session } from './session.js';
import type { Rare } from './session-request.js';
import { buffersOfReply } from './transfer.js';
import { encodeTexts, perform, verbs } from './verbs.js';

type LoadRequest = Extract<Request, { type: 'load' }>;
type RunRequest = Extract<Request, { type: 'run' }>;
type EncodeRequest = Extract<Request, { type: 'encode' }>;
type FetchRare = (address: string | undefined) => Promise<Rare>;

/**
 * The worker's side: loads the requested model and runs verbs on it. `rare` fetches what few models need; it is given
 * the address that the page has for it.
 */
export function serve(port: Port<Reply, Request>, glue: Glue, rare: FetchRare): void {
  const server = new Server(port, glue, rare);
  port.onmessage = ({ data }) => {
    if (isRequest(data)) server.receive(data);
  };
  port.onmessageerror = () => {
    const error = new VitError('worker', "The model's worker could not read what the page sent it.");
    server.tell({ type: 'failed', error: packError(error) });
  };
}

/** A worker and its one model. */
class Server {
  readonly #port: Port<Reply, Request>;
  readonly #glue: Glue;
  readonly #rare: FetchRare;
  readonly #remote = new RemoteCache((call) => this.tell({ type: 'cache', call }));
  #engine: Engine | undefined;
  #session: Session | undefined;
  /** What is wrong with the latest picture; reported when a verb is run on it. */
  #failure: { readonly error: unknown } | undefined;
  /** The lock that is held during calls, and that of a picture whose call is to come. */
  #lifeSign: string | undefined;
  #pictureSign: LifeSign | undefined;

  constructor(port: Port<Reply, Request>, glue: Glue, rare: FetchRare) {
    this.#port = port;
    this.#glue = glue;
    this.#rare = rare;
  }

  tell(reply: Reply): void {
    this.#port.postMessage(reply, buffersOfReply(reply));
  }

  receive(request: Request): void {
    switch (request.type) {
      case 'cached':
        return this.#remote.receive(request.answer);
      case 'rows':
        return this.#take((engine) => engine.addRows(request.rows));
      case 'picture':
        this.#failure = undefined;
        this.#pictureSign?.release();
        this.#pictureSign = this.#lifeSign === undefined ? undefined : holdLifeSign(this.#lifeSign);
        return this.#take((engine) => engine.beginPicture(request));
      case 'end':
        this.#engine?.dispose();
        return this.tell({ type: 'ended' });
      default:
        void this.#answer(request);
    }
  }

  /** Passes a part of the incoming picture to the engine, unless an earlier part was wrong. */
  #take(work: (engine: Engine) => void): void {
    if (!this.#session || this.#failure) return;
    const { engine } = this.#session;
    try {
      engine.guard(() => work(engine));
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** Answers a request, holding the life sign until it has. */
  async #answer(request: LoadRequest | RunRequest | EncodeRequest): Promise<void> {
    const { call } = request;
    const sign =
      this.#pictureSign ?? holdLifeSign(request.type === 'load' ? request.lifeSign : (this.#lifeSign ?? ''));
    this.#pictureSign = undefined;
    try {
      if (request.type === 'load')
        void sign.held.then((isWatchable) => this.tell({ type: 'started', isWatchable }));
      // A reply that cannot be posted becomes an error, too: the page is waiting for one.
      this.tell({ type: 'done', call, value: await this.#resultOf(request) });
    } catch (error) {
      this.tell({ type: 'failed', call, error: packError(asVitError(error)) });
    } finally {
      sign.release();
    }
  }

  #resultOf(request: LoadRequest | RunRequest | EncodeRequest): Promise<Answer> {
    if (request.type === 'load') return this.#load(request);
    return request.type === 'run' ? this.#run(request) : this.#encode(request);
  }

  async #load({ request, cache, ...about }: LoadRequest): Promise<Answer> {
    if (this.#lifeSign !== undefined)
      throw new VitError('worker', 'A model has already been loaded into this worker.');
    this.#lifeSign = about.lifeSign;
    const making = instantiate(this.#glue, about.module).then(
      (bindings) => (this.#engine = new Engine(bindings)),
    );
    const place = cache === 'remote' ? this.#remote : typeof cache === 'object' ? cache.name : cache;
    this.#session = await openSession(request, making, {
      open: openFile,
      rare: () => this.#rare(about.rare),
      store: storeOf(place, browserStore),
      isCacheEmpty: about.isCacheEmpty,
      ...(about.progress && { onProgress: (progress) => this.tell({ type: 'progress', progress }) }),
    });
    void this.#session.kept.then(() => this.tell({ type: 'kept' }));
    return this.#session.info;
  }

  async #run({ verb, options, encoded }: RunRequest): Promise<Answer> {
    const session = this.#loaded();
    if (!Object.hasOwn(verbs, verb)) throw new VitError('worker', `The worker has no verb ${shown(verb)}.`);
    const wrong = this.#failure;
    // The error belongs to this call's picture, and the next call may have none.
    this.#failure = undefined;
    if (wrong) throw wrong.error;
    if (encoded) {
      const { engine } = session;
      const pixels = await decodeFile(encoded);
      engine.guard(() => engine.preprocess(pixels));
    }
    return perform(session, verb, options);
  }

  async #encode({ texts }: EncodeRequest): Promise<Answer> {
    return await encodeTexts(this.#loaded(), texts);
  }

  #loaded(): Session {
    if (this.#session) return this.#session;
    throw new VitError('worker', 'The worker was called before a model was loaded into it.');
  }
}

/** Whatever was thrown, the page gets an error that says what it is about. */
function asVitError(error: unknown): VitError {
  if (isVitError(error)) return error;
  return new VitError('worker', `The model's worker failed (${messageOf(error)}).`, { cause: error });
}
