// <vit-classifier> in a real page: it loads, classifies what is inside it, watches a video, shows its errors, and goes.
import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';

import { dist, entry, inChromium } from './chromium.js';

const chromium = inChromium();
const element = '/package/element.js';

/** Runs in the page. */
async function useElement({ entry, element }: { entry: string; element: string }) {
  const { load } = (await import(entry)) as typeof import('../../web/index.js');
  await import(element);
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  canvas.getContext('2d')!.fillRect(0, 0, 30, 30);
  const make = (attributes: Record<string, string>, ...inside: Element[]) => {
    const made = document.createElement('vit-classifier');
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  };
  const event = (target: Element, type: string) =>
    new Promise<unknown>((resolve) =>
      target.addEventListener(type, (event) => resolve((event as CustomEvent).detail), { once: true }),
    );
  const shown = (target: Element) => [...(target.shadowRoot?.querySelectorAll('li') ?? [])].length;

  const first = make({ 'top-k': '3' }, canvas);
  const answered = event(first, 'predictions');
  document.body.append(first);
  const predictions = (await answered) as { label: string }[];
  const expected = await load().then(async (model) => {
    const answer = await model.classify(canvas, { topK: 3 });
    model.dispose();
    return answer;
  });
  const list = shown(first);

  const video = Object.assign(document.createElement('video'), { muted: true });
  const track = canvas.captureStream(30).getVideoTracks()[0];
  video.srcObject = new MediaStream([track]);
  const timer = setInterval(() => canvas.getContext('2d')!.fillRect(0, 0, Math.random() * 60, 40), 30);
  await video.play();
  let frames = 0;
  first.addEventListener('predictions', () => ++frames === 3 && track.stop());
  await first.watch(video);
  clearInterval(timer);

  const failing = event(first, 'error');
  const rejected = await first.classify(new Blob(['x'])).catch((error: { code: string }) => error.code);
  const failed = ((await failing) as { code: string }).code;
  const alert = first.shadowRoot?.querySelector('[role=alert]')?.textContent ?? '';

  const missing = make({ model: '/models/nothing/' });
  const notFound = event(missing, 'error');
  document.body.append(missing);
  const code = ((await notFound) as { code: string }).code;

  const model = await first.model;
  first.remove();
  const gone = await model.embed(canvas).catch((error: { code: string }) => error.code);
  const outside = await first.classify(canvas).catch((error: Error) => error.message);
  return { predictions, expected, list, frames, rejected, failed, alert, code, gone, outside };
}

it('classifies, watches, shows errors, and disposes of its model', async () => {
  const page = await chromium.open();
  const result = await page.evaluate(useElement, { entry, element });
  expect(result.predictions).toEqual(result.expected);
  expect(result.list).toBe(3);
  expect(result.frames).toBeGreaterThanOrEqual(3);
  expect([result.rejected, result.failed]).toEqual(['invalid-source', 'invalid-source']);
  expect(result.alert).toContain('could not decode');
  expect(result.code).toBe('not-found');
  expect(result.gone).toBe('disposed');
  expect(result.outside).toContain('once it is in the page');
});

it('is small', async () => {
  const script = await readFile(new URL('element.js', dist));
  expect(brotliCompressSync(script).length).toBeLessThan(3000);
});
