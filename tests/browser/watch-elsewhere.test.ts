// model.watch in Firefox and WebKit, which give the frames of a track to videos only: a canvas is the camera.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'puppeteer-core';

import { entry, usualRoutes, type Package } from './chromium.js';
import { launchFirefox } from './launch-firefox.js';
import { startServer, type Server } from './server.js';
import { startWebKit, type WebKit } from './webkit.js';

let server: Server;
beforeAll(async () => {
  server = await startServer(usualRoutes);
});
afterAll(() => server?.close());

/** Runs in the page: watches a canvas that changes, stops its track after some answers and waits for the end. */
async function watchCanvas({ entry }: { entry: string }) {
  const { load } = (await import(entry)) as Package;
  const model = await load();
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  document.body.append(canvas);
  const context = canvas.getContext('2d')!;
  let shade = 0;
  const timer = setInterval(() => {
    context.fillStyle = `rgb(${(shade += 5) % 256} 90 30)`;
    context.fillRect(0, 0, 64, 48);
  }, 30);
  const stream = canvas.captureStream(30);
  const latencies: number[] = [];
  for await (const { predictions, latency } of model.watch(stream, { topK: 1 })) {
    if (predictions.length === 1) latencies.push(latency);
    if (latencies.length === 5) stream.getTracks().forEach((track) => track.stop());
    if (latencies.length > 10) throw new Error('It did not end with its track.');
  }
  clearInterval(timer);
  model.dispose();
  return latencies;
}

describe('Firefox', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchFirefox();
  });
  afterAll(() => browser?.close());

  it('watches a stream until its track stops', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/page/`);
    expect((await page.evaluate(watchCanvas, { entry })).length).toBeGreaterThanOrEqual(5);
  });
});

describe('WebKit', () => {
  let webkit: WebKit;
  beforeAll(async () => {
    webkit = await startWebKit();
  });
  afterAll(() => webkit?.close());

  it('watches a stream until its track stops', async () => {
    const latencies = await webkit.evaluate(`${server.origin}/page/`, watchCanvas, { entry });
    expect(latencies.length).toBeGreaterThanOrEqual(5);
  });
});
