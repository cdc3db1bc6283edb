// The table of malformed models in Chromium, whose streams, Blobs and gzip are the browser's own: the sentences of Node,
// and nothing is left behind.
import { describe, expect, it } from '@jest/globals';
import type { CDPSession } from 'playwright-core';

import { malformed } from '../formats/malformed/all.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import type { Route } from './server.js';

/** Where Chromium, which compares sizes itself, sees before we do what is wrong. */
const saysOf: Readonly<Record<string, string>> = {
  'a zip with a file larger than declared': 'cannot be unpacked',
};

/** Addresses are `/malformed/<index of the case>/<file>`. */
const bad: Route = ({ url = '' }, response) => {
  const [, , index, file] = url.split('/');
  const bytes = malformed[Number(index)].files()[decodeURIComponent(file)];
  if (bytes) response.end(bytes);
  else response.writeHead(404).end();
};

const chromium = inChromium({ ...usualRoutes, '/malformed/': bad });

interface Question {
  entry: string;
  folder: string;
  weights: string;
  /** Names of files that the page fetches and hands over as a visitor's; without them `load` gets the address. */
  files?: string[];
  worker: boolean;
}

/** Runs in the page: what `load` fails with; files are called by their names alone. */
async function failureInPage({ entry, folder, weights, files, worker }: Question) {
  const { load, VitError } = (await import(entry)) as Package;
  const fileOf = async (name: string) => new File([await (await fetch(folder + name)).blob()], name);
  try {
    const model = files ? await Promise.all(files.map(fileOf)) : folder + weights;
    (await load(model, { variant: 'simd', worker, cache: false })).dispose();
    return undefined;
  } catch (error) {
    if (!(error instanceof VitError)) return String(error);
    return { code: error.code, message: error.message.replaceAll(new URL(folder, location.href).href, '') };
  }
}

describe.each([
  { name: 'by address, in place', byAddress: true, worker: false },
  { name: 'as files, in a worker', byAddress: false, worker: true },
])('$name', ({ byAddress, worker }) => {
  it.each(malformed.map((wrong, i) => ({ ...wrong, i })))(
    '$name',
    async ({ i, name, files, weights, code, says }) => {
      const page = await chromium.usual();
      const folder = `/malformed/${i}/`;
      const given = byAddress ? {} : { files: Object.keys(files()) };
      const failure = await page.evaluate(failureInPage, { entry, folder, weights, worker, ...given });
      expect(failure).toMatchObject({ code, message: expect.stringContaining(saysOf[name] ?? says) });
    },
  );
});

it('there is no worker and no memory of WebAssembly afterwards', async () => {
  const page = await chromium.usual();
  // One that is the page's own shows that they are seen.
  await page.evaluate(() => void Object.assign(self, { own: new WebAssembly.Memory({ initial: 1 }) }));
  const session = await page.context().newCDPSession(page);
  expect(await memoriesIn(session)).toBe(1);
  await session.detach();
  expect(page.workers()).toEqual([]);
});

/** How many a page still holds; garbage is collected first. */
async function memoriesIn(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const expression = 'WebAssembly.Memory.prototype';
  const { result: prototype } = await session.send('Runtime.evaluate', { expression });
  const { objects } = await session.send('Runtime.queryObjects', {
    prototypeObjectId: String(prototype.objectId),
  });
  const { result: elements } = await session.send('Runtime.getProperties', {
    objectId: String(objects.objectId),
    ownProperties: true,
  });
  return elements.filter(({ name }) => /^\d+$/.test(name)).length;
}
