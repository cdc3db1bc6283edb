import { browserStore } from '../cache/browser-cache.js';
import { openFile } from '../checkpoint/files/source.js';
import { Engine } from '../engine/engine.js';
import { messageOf, VitError } from '../errors.js';
import { instantiate, type Glue } from '../engine/bindings.js';
import { storeOf } from '../cache/custom-cache.js';
import { packError, type Port, type Reply, type Request } from './protocol.js';
import { RemoteCache } from '../cache/remote-cache.js';
import { openSession, type Session } from './session.js';
import { buffersOfReply } from './transfer.js';
import { perform } from './verbs.js';

type LoadRequest = Extract<Request, { type: 'load' }>;

/** The worker's side: loads the requested model and runs verbs on it. */
export function serve(port: Port<Reply, Request>, glue: Glue): void {
  let engine: Engine | undefined;
  let session: Session | undefined;
  /** What is wrong with the latest picture; reported when a verb is run on it. */
  let failure: { readonly error: unknown } | undefined;
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

  const answer = async (request: Extract<Request, { type: 'load' | 'run' | 'end' }>): Promise<Reply> => {
    if (request.type === 'end') {
      engine?.dispose();
      return { type: 'ended' };
    }
    if (request.type === 'load') {
      const making = instantiate(glue, request.module).then((bindings) => (engine = new Engine(bindings)));
      session = await openSession(request.request, making, {
        open: openFile,
        store: storeOf(cacheOf(request.cache), browserStore),
        isCacheEmpty: request.isCacheEmpty,
        ...(request.progress && { onProgress: (progress) => tell({ type: 'progress', progress }) }),
      });
      void session.kept.then(() => tell({ type: 'kept' }));
      return { type: 'done', value: session.info };
    }
    if (!session) throw new VitError('worker', 'The worker was called before a model was loaded into it.');
    if (failure) throw failure.error;
    return { type: 'done', value: perform(session, request.verb, request.options) };
  };

  port.onmessage = ({ data }) => {
    if (data.type === 'cached') return remote.receive(data.answer);
    if (data.type === 'rows') return take((engine) => engine.addRows(data.rows));
    if (data.type === 'picture') {
      failure = undefined;
      return take((engine) => engine.beginPicture(data));
    }
    answer(data)
      .then(tell, (error: unknown) => tell({ type: 'failed', error: packError(error) }))
      // A reply that cannot be posted becomes an error: the page is waiting for one.
      .catch((error: unknown) =>
        tell({ type: 'failed', error: packError(new VitError('worker', messageOf(error))) }),
      );
  };
}
