import { browserStore } from '../cache/browser-cache.js';
import { openFile } from '../checkpoint/files/source.js';
import { Engine } from '../engine/engine.js';
import { isVitError, messageOf, VitError } from '../errors.js';
import { decodeFile } from '../pictures/decode.js';
import { instantiate, type Glue } from '../engine/bindings.js';
import { shown } from '../shown.js';
import { storeOf } from '../cache/custom-cache.js';
import { holdLifeSign, type LifeSign } from './life-sign.js';
import { isRequest, packError, type Port, type Reply, type Request } from './protocol.js';
import { RemoteCache } from '../cache/remote-cache.js';
import { openSession, type Session } from './session.js';
import type { Rare } from './session-request.js';
import { buffersOfReply } from './transfer.js';
import { encodeTexts, perform, verbs } from './verbs.js';

type LoadRequest = Extract<Request, { type: 'load' }>;
type RunRequest = Extract<Request, { type: 'run' }>;
type EncodeRequest = Extract<Request, { type: 'encode' }>;

/**
 * The worker's side: loads the requested model and runs verbs on it. `rare` fetches what few models need; it is given
 * the address that the page has for it.
 */
export function serve(
  port: Port<Reply, Request>,
  glue: Glue,
  rare: (address: string | undefined) => Promise<Rare>,
): void {
  let engine: Engine | undefined;
  let session: Session | undefined;
  /** What is wrong with the latest picture; reported when a verb is run on it. */
  let failure: { readonly error: unknown } | undefined;
  /** The lock that is held during calls, and that of a picture whose call is to come. */
  let lifeSign: string | undefined;
  let pictureSign: LifeSign | undefined;
  const tell = (reply: Reply) => port.postMessage(reply, buffersOfReply(reply));
  const remote = new RemoteCache((call) => tell({ type: 'cache', call }));

  const cacheOf = (cache: LoadRequest['cache']) =>
    cache === 'remote' ? remote : typeof cache === 'object' ? cache.name : cache;

  /** Passes a part of the incoming picture to the engine, unless an earlier part was wrong. */
  const take = (work: (engine: Engine) => void) => {
    if (!session || failure) return;
    const { engine } = session;
    try {
      engine.guard(() => work(engine));
    } catch (error) {
      failure = { error };
    }
  };

  const load = async (request: LoadRequest): Promise<Reply> => {
    if (lifeSign !== undefined)
      throw new VitError('worker', 'A model has already been loaded into this worker.');
    lifeSign = request.lifeSign;
    const making = instantiate(glue, request.module).then((bindings) => (engine = new Engine(bindings)));
    session = await openSession(request.request, making, {
      open: openFile,
      rare: () => rare(request.rare),
      store: storeOf(cacheOf(request.cache), browserStore),
      isCacheEmpty: request.isCacheEmpty,
      ...(request.progress && { onProgress: (progress) => tell({ type: 'progress', progress }) }),
    });
    void session.kept.then(() => tell({ type: 'kept' }));
    return { type: 'done', call: request.call, value: session.info };
  };

  const run = async ({ call, verb, options, encoded }: RunRequest): Promise<Reply> => {
    if (!session) throw new VitError('worker', 'The worker was called before a model was loaded into it.');
    if (!Object.hasOwn(verbs, verb)) throw new VitError('worker', `The worker has no verb ${shown(verb)}.`);
    const wrong = failure;
    // The error belongs to this call's picture, and the next call may have none.
    failure = undefined;
    if (wrong) throw wrong.error;
    if (encoded) {
      const { engine } = session;
      const pixels = await decodeFile(encoded);
      engine.guard(() => engine.preprocess(pixels));
    }
    return { type: 'done', call, value: perform(session, verb, options) };
  };

  const encode = async ({ call, texts }: EncodeRequest): Promise<Reply> => {
    if (!session) throw new VitError('worker', 'The worker was called before a model was loaded into it.');
    return { type: 'done', call, value: await encodeTexts(session, texts) };
  };

  /** Answers a request, holding the life sign until it has. */
  const answer = async (request: LoadRequest | RunRequest | EncodeRequest): Promise<void> => {
    const { call } = request;
    const sign = pictureSign ?? holdLifeSign(request.type === 'load' ? request.lifeSign : (lifeSign ?? ''));
    pictureSign = undefined;
    try {
      if (request.type === 'load')
        void sign.held.then((isWatchable) => tell({ type: 'started', isWatchable }));
      // A reply that cannot be posted becomes an error, too: the page is waiting for one.
      if (request.type === 'run') tell(await run(request));
      else tell(await (request.type === 'load' ? load(request) : encode(request)));
    } catch (error) {
      tell({ type: 'failed', call, error: packError(asVitError(error)) });
    } finally {
      sign.release();
    }
  };

  port.onmessage = ({ data }) => {
    if (!isRequest(data)) return;
    switch (data.type) {
      case 'cached':
        return remote.receive(data.answer);
      case 'rows':
        return take((engine) => engine.addRows(data.rows));
      case 'picture':
        failure = undefined;
        pictureSign?.release();
        pictureSign = lifeSign === undefined ? undefined : holdLifeSign(lifeSign);
        return take((engine) => engine.beginPicture(data));
      case 'end':
        engine?.dispose();
        return tell({ type: 'ended' });
      default:
        void answer(data);
    }
  };
  port.onmessageerror = () => {
    const error = new VitError('worker', "The model's worker could not read what the page sent it.");
    tell({ type: 'failed', error: packError(error) });
  };
}

/** Whatever was thrown, the page gets an error that says what it is about. */
function asVitError(error: unknown): VitError {
  if (isVitError(error)) return error;
  return new VitError('worker', `The model's worker failed (${messageOf(error)}).`, { cause: error });
}
