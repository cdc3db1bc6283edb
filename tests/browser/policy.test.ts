// The package on a page with a strict content security policy, and before it is asked for anything.
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { fixtures } from '../golden/fixtures.js';
import { entry, inChromium, usualRoutes, type Package } from './chromium.js';
import { isolation, type Route } from './server.js';

const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";

const reports: string[] = [];
/** Where the browser posts what a page, or a worker of it, was kept from. */
const report: Route = (request, response) => {
  request.setEncoding('utf8').on('data', (text: string) => reports.push(text));
  request.on('end', () => response.writeHead(204).end());
};

/** The page's own script, because a browser may exempt what a test evaluates in a page from the policy. */
const script: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(`
    import { load } from '${entry}';
    const picture = { data: new Uint8Array(400).fill(200), width: 10, height: 10 };
    const answers = [];
    try {
      for (const variant of ['relaxed', 'simd']) {
        for (const worker of [true, false]) {
          const model = await load(undefined, { variant, worker });
          answers.push(model.info.variant + ' ' + (await model.classify(picture)).length);
          model.dispose();
        }
      }
      // Its worker fetches another script.
      const model = await load('/npz/augreg.npz', { variant: 'simd' });
      answers.push('npz ' + (await model.classify(picture)).length);
    } catch (error) {
      answers.push(error.message);
    }
    document.title = answers.join(', ');
    // Shows that the policy is in force.
    try { new Function(''); } catch (error) { document.title += ', ' + error.name; }
  `);
};

/** The same with threads. */
const scriptWithThreads: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(`
    import { load } from '${entry}';
    const picture = { data: new Uint8Array(400).fill(200), width: 10, height: 10 };
    const answers = [];
    try {
      for (const variant of ['relaxed', 'simd']) {
        const model = await load(undefined, { variant, threads: 2 });
        answers.push(model.info.variant + ' ' + model.info.threads + ' ' + (await model.classify(picture)).length);
        model.dispose();
      }
    } catch (error) {
      answers.push(error.message);
    }
    document.title = answers.join(', ') + '.';
  `);
};

/** The same for the entry with everything inside, whose worker this policy forbids. */
const inlineScript: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(`
    import { load } from '/package/inline.js';
    const picture = { data: new Uint8Array(400).fill(200), width: 10, height: 10 };
    const answers = [];
    for (const worker of [undefined, { url: '/package/worker.simd.js' }, false]) {
      try {
        const model = await load(undefined, { variant: 'simd', worker });
        answers.push((await model.classify(picture)).length);
        model.dispose();
      } catch (error) {
        answers.push(error.code + ': ' + error.message);
      }
    }
    document.title = JSON.stringify(answers);
  `);
};

const scripted =
  (script: string): Route =>
  (_request, response) => {
    response
      .writeHead(200, { 'Content-Type': 'text/html' })
      .end(`<script type="module" src="${script}"></script>`);
  };

const chromium = inChromium(
  {
    '/report': report,
    '/script.js': script,
    '/inline-script.js': inlineScript,
    '/npz/': new URL('npz/', fixtures),
    '/scripted/': scripted('/script.js'),
    '/inline/': scripted('/inline-script.js'),
    ...usualRoutes,
  },
  { 'Content-Security-Policy': `${policy}; report-uri /report` },
);

describe(policy, () => {
  it('is enough for both variants, with a worker and without, and never violated', async () => {
    const page = await chromium.open('/scripted/');
    await page.waitForFunction(() => document.title.includes('Error'));
    expect(await page.title()).toBe('relaxed 5, relaxed 5, simd 5, simd 5, npz 5, EvalError');
    // The page's own `new Function` is reported, after anything that came before it; nothing else is.
    for (let tries = 0; tries < 100 && reports.length === 0; tries++) await page.waitForTimeout(20);
    expect(reports.map(blocked)).toEqual(['eval']);
  });

  it('is enough for the inline entry with a worker of this origin or none, and says why without either', async () => {
    const page = await chromium.open('/inline/');
    await page.waitForFunction(() => document.title.startsWith('['));
    const [blob, url, none] = JSON.parse(await page.title()) as unknown[];
    expect(blob).toMatch(/^worker: .*worker-src blob:.*`worker: \{ url \}`/s);
    expect([url, none]).toEqual([5, 5]);
  });
});

describe('the same on an isolated page', () => {
  const isolated = inChromium(
    {
      '/report': report,
      '/script.js': scriptWithThreads,
      '/scripted/': scripted('/script.js'),
      ...usualRoutes,
    },
    { 'Content-Security-Policy': `${policy}; report-uri /report`, ...isolation },
  );

  it('is enough for threads, and never violated', async () => {
    reports.length = 0;
    const page = await isolated.open('/scripted/');
    await page.waitForFunction(() => document.title.endsWith('.'));
    expect(await page.title()).toBe('relaxed-threads 2 5, simd-threads 2 5.');
    expect(reports).toEqual([]);
  });
});

function blocked(text: string): string {
  return (JSON.parse(text) as { 'csp-report': { 'blocked-uri': string } })['csp-report']['blocked-uri'];
}

describe('importing the package', () => {
  it('fetches only its modules: no wasm, no weights, no worker', async () => {
    const page = await chromium.open();
    const before = chromium.server().requests.length;
    await importPackage(page);
    await page.waitForLoadState('networkidle');
    const requests = chromium.server().requests.slice(before);
    expect(requests).toContain(entry);
    const others = requests.filter((path) => path !== entry && !/^\/package\/chunk-\w+\.js$/.test(path));
    expect(others).toEqual([]);
    expect(page.workers()).toEqual([]);
  });
});

async function importPackage(page: Page): Promise<void> {
  const names = await page.evaluate(async (entry) => Object.keys((await import(entry)) as Package), entry);
  expect(names).toEqual(expect.arrayContaining(['load', 'VitError']));
}
