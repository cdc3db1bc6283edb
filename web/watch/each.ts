// A list of pictures of any length → what a verb gives for each, one after another.
import type { Each, EachSources, Source } from '../types.js';
import { eitherOf } from './either.js';
import { answerOf, type AnyOptions, type Lent } from './verb.js';

type Outcome = Each<unknown>;

export async function* each(
  lent: Omit<Lent, 'idle'>,
  sources: EachSources,
  options: AnyOptions,
): AsyncGenerator<Outcome, void, undefined> {
  const { kit, disposed } = lent;
  kit.checkIsOptions(options, ['verb'], 'each');
  kit.checkSignal(options.signal);
  const { answer } = answerOf(lent, options, 'each');
  const iterator = iteratorOf(sources, lent);
  const { signal, stop } = eitherOf(disposed, options.signal);
  let index = 0;
  /** Takes the next picture from the list and begins its call, which reads it while the one before it is computed. */
  const begin = async (): Promise<(() => Promise<Outcome>) | undefined> => {
    const next = await iterator.next();
    if (next.done) return undefined;
    const at = index++;
    let source: Source;
    try {
      source = await next.value;
    } catch (reason) {
      return () => Promise.resolve({ source: undefined, index: at, status: 'rejected', reason });
    }
    const about = { source, index: at };
    const answering = new Promise((resolve) => resolve(answer(source, { signal })));
    const call = answering.then(
      (value) => ({ ...about, status: 'fulfilled' as const, value }),
      (reason: unknown) => ({ ...about, status: 'rejected' as const, reason }),
    );
    return () => call;
  };
  let ahead = begin();
  try {
    for (;;) {
      const call = await kit.limited(ahead, { signal });
      if (!call) return;
      ahead = begin();
      ahead.catch(() => undefined);
      const outcome = await call();
      signal.throwIfAborted();
      yield outcome;
    }
  } finally {
    stop();
    // Not awaited: the list may still be waiting for its next picture, and ends only after that.
    const closing = async () => iterator.return?.();
    closing().catch(() => undefined);
  }
}

function iteratorOf(
  sources: EachSources,
  { kit }: Pick<Lent, 'kit'>,
): AsyncIterator<Source> | Iterator<Source | Promise<Source>> {
  if (typeof sources === 'object' && sources !== null) {
    if (Symbol.asyncIterator in sources) return sources[Symbol.asyncIterator]();
    // One that rejects before its turn would end a program in Node.
    if (Array.isArray(sources) || sources instanceof Set)
      for (const one of sources) Promise.resolve(one).catch(() => undefined);
    if (Symbol.iterator in sources) return sources[Symbol.iterator]();
  }
  throw new kit.VitError(
    'invalid-argument',
    `each cannot iterate over ${kit.shown(sources)}; pass an array of pictures, or another iterable or async iterable.`,
  );
}
