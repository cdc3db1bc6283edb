// The demo's main ways in Firefox and WebKit: it answers, looks inside, has Python's pixels, and opens every tab.
import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { place, startDemo } from './demo-site.js';
import { launchFirefox } from './launch-firefox.js';
import type { Server } from './server.js';
import { startWebKit } from './webkit.js';

let server: Server;
beforeAll(async () => {
  server = await startDemo();
});
afterAll(() => server?.close());

/** Runs in the page: what a visitor does, and what is seen then. */
async function visit(): Promise<Record<string, string>> {
  const text = (id: string) => document.getElementById(id)?.textContent ?? '';
  const until = async (id: string, wanted: RegExp) => {
    for (let wait = 0; wait < 400 && !wanted.test(text(id)); wait++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return text(id);
  };
  const open = (tab: string) => document.getElementById(`tab-${tab}`)?.click();
  const seen = {
    answer: await until('answers', /espresso.*%/s),
    look: '',
    python: '',
    teach: '',
    compare: '',
  };
  open('look');
  seen.look = await until('look-text', /layer 7 of 7/);
  open('python');
  seen.python = await until('python-state', /Every pixel|differ from/);
  open('teach');
  seen.teach = await until('teach', /Hold to record/);
  open('compare');
  seen.compare = await until('compare', /Measured on/);
  return seen;
}

const all = {
  answer: expect.stringMatching(/^espresso9\d\.\d %/),
  look: expect.stringContaining('layer 7 of 7'),
  python: expect.stringContaining('Every pixel that the model gets is Python’s'),
  teach: expect.stringContaining('Hold to record'),
  compare: expect.stringContaining('Measured on'),
};

it('Firefox', async () => {
  const browser = await launchFirefox();
  try {
    const page = await browser.newPage();
    await page.goto(server.origin + place);
    expect(await page.evaluate(visit)).toEqual(all);
  } finally {
    await browser.close();
  }
});

it('WebKit', async () => {
  const webkit = await startWebKit();
  try {
    expect(await webkit.evaluate(server.origin + place, visit, undefined)).toEqual(all);
  } finally {
    await webkit.close();
  }
});
