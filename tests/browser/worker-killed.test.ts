// No browser tells a page that its worker is gone when another script, or want of memory, has ended it. Whatever the
// worker was doing, the call under way ends in an error soon.
import { describe, expect, it } from '@jest/globals';

import { entry, usualRoutes, type Package } from './chromium.js';
import { engines, inEngine } from './engines.js';

const routes = {
  // A server that never answers.
  '/silent/': () => undefined,
  ...usualRoutes,
};

type Moment = 'before it has started' | 'while loading' | 'while idle' | 'while computing';

/** Runs in the page: ends the worker at a moment; how the call ended that was under way, or came next. */
async function killWorker({ entry, moment }: { entry: string; moment: Moment }) {
  const workers: Worker[] = [];
  const Original = self.Worker;
  self.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      workers.push(this);
      if (moment === 'before it has started') this.terminate();
    }
  };
  const { load } = (await import(entry)) as Package;
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const kill = () => workers.forEach((worker) => worker.terminate());
  const endOf = async (call: Promise<unknown>) => {
    const began = performance.now();
    const error = (await call.then(
      () => ({ code: 'no error' }),
      (error: unknown) => error,
    )) as { name?: string; code?: string };
    return { name: error.name, code: error.code, seconds: (performance.now() - began) / 1000 };
  };
  if (moment === 'before it has started' || moment === 'while loading') {
    const place = moment === 'while loading' ? '/silent/' : '/models/three-blocks/';
    const loading = endOf(load(place, moment === 'while loading' ? {} : { stallTimeout: 3000 }));
    await pause(moment === 'while loading' ? 1000 : 0);
    kill();
    return await loading;
  }
  const model = await load('/models/three-blocks/');
  const large = { data: new Uint8Array(4 * 3000 * 3000), width: 3000, height: 3000 };
  const computing = moment === 'while computing' && endOf(model.logits(new Array(1000).fill(large)));
  if (computing) await pause(700);
  kill();
  const first = await (computing || endOf(model.logits(large)));
  const next = await endOf(model.logits(large));
  return { ...first, next };
}

const killed = {
  name: 'VitError',
  code: 'worker',
  seconds: expect.any(Number),
};

describe.each(engines)('%s', (name) => {
  const inPage = inEngine(name, routes);

  it.each(['before it has started', 'while loading'] as const)(
    'a load whose worker is ended %s fails',
    async (moment) => {
      const end = await inPage(killWorker, { entry, moment });
      expect(end).toEqual(killed);
      expect(end.seconds).toBeLessThan(20);
    },
  );

  it.each(['while idle', 'while computing'] as const)(
    'a model whose worker is ended %s says so, then and afterwards',
    async (moment) => {
      const { next, ...end } = (await inPage(killWorker, { entry, moment })) as Awaited<
        ReturnType<typeof killWorker>
      > & { next: unknown };
      expect(end).toEqual(killed);
      expect(end.seconds).toBeLessThan(20);
      expect(next).toEqual(killed);
    },
  );
});
