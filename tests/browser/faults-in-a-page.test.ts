// The table of faults while loading in Chromium, whose connections, redirects and cache are the browser's: every load ends
// soon in the right answer or in a typed error, and the next one is not spoiled.
import { beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { faults, weights, type Answer } from '../web/fault-cases.js';
import { json, whole } from '../web/http.js';
import { tinyConfig } from '../web/tiny-checkpoint.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import type { Route } from './server.js';

const well: Readonly<Record<string, Answer>> = {
  'config.json': json(tinyConfig),
  'model.safetensors': whole(weights),
};
const answers: (typeof well)[] = faults.map(({ config, weights, preprocessor }) => ({
  'config.json': config ?? well['config.json'],
  'model.safetensors': weights ?? well['model.safetensors'],
  ...(preprocessor && { 'preprocessor_config.json': preprocessor }),
}));

/** Addresses are `/fault/<index of the case, or none>/<file>`. */
const answer: Route = (request, response) => {
  const [, , index, file] = new URL(request.url ?? '', 'http://localhost').pathname.split('/');
  const files = index === 'none' ? well : answers[Number(index)];
  const answered = files[file] as Answer | undefined;
  // A browser may keep a 410 for as long as it likes.
  response.setHeader('cache-control', 'no-cache');
  if (answered) answered(response, request);
  else response.writeHead(404).end();
};

const chromium = inChromium({ ...usualRoutes, '/fault/': answer });

interface Question {
  entry: string;
  folder: string;
  options: object;
}

/** Runs in the page: the logits, or the error, and how long it took. */
async function endOf({ entry, folder, options }: Question) {
  const { load, VitError } = (await import(entry)) as Package;
  const picture = {
    data: Uint8Array.from({ length: 20 * 12 * 4 }, (_, i) => (i * 31 + (i >> 5) * 17) % 256),
    width: 20,
    height: 12,
  };
  const began = performance.now();
  const end = { logits: '', code: '', message: '', milliseconds: 0 };
  try {
    const model = await load(folder, { variant: 'simd', ...options });
    end.logits = (await model.logits(picture)).join();
    model.dispose();
  } catch (error) {
    end.code = error instanceof VitError ? error.code : String(error);
    end.message = error instanceof VitError ? error.message : '';
  }
  end.milliseconds = performance.now() - began;
  return end;
}

let page: Page;
let expected: string;
beforeAll(async () => {
  page = await chromium.usual();
  expected = (await page.evaluate(endOf, { entry, folder: '/fault/none/', options: {} })).logits;
  expect(expected).not.toBe('');
});

it.each(faults.map((one, index) => ({ ...one, index })))(
  '$name: $fails',
  async ({ index, options, fails }) => {
    const question = { entry, folder: `/fault/${index}/`, options: { ...options } };
    const { logits, code, message, milliseconds } = await page.evaluate(endOf, question);
    expect(milliseconds).toBeLessThan(15_000);
    if (fails === undefined)
      expect({ code, message, logits }).toEqual({ code: '', message: '', logits: expected });
    else {
      expect({ code, message }).toMatchObject({ code: fails });
      expect(message).toMatch(/^[A-Z"`/.\w].*\.$/s);
    }
    // Once the server is well again, so is the model.
    answers[index] = well;
    expect(await page.evaluate(endOf, { ...question, options: {} })).toMatchObject({
      logits: expected,
      code: '',
    });
  },
);

it('leaves no worker behind', async () => {
  for (let tries = 0; tries < 100 && page.workers().length > 0; tries++) await page.waitForTimeout(50);
  expect(page.workers()).toHaveLength(0);
});
