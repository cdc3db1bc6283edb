// model.watch in Chromium, with the camera that Chromium brings along, and on a model that takes longer than a frame.
import { describe, expect, it } from '@jest/globals';

import type { Source } from '../../web/index.js';
import { sharedIsThere } from '../golden/fixtures.js';
import { chromiumFlags, entry, inChromium, type Package } from './chromium.js';

const flags = [
  ...chromiumFlags,
  '--use-fake-device-for-media-stream=fps=30',
  '--use-fake-ui-for-media-stream',
];
const chromium = inChromium(undefined, {}, flags);

/** What is watched: the camera's stream or track, a video that shows it, or a stream of its frames. */
const kinds = [
  'stream',
  'track',
  'video',
  'frames',
  'stream without a processor',
  'video without callbacks',
] as const;

interface Question {
  entry: string;
  url: string | undefined;
  kind: (typeof kinds)[number];
  answers: number;
}

/** Runs in the page: watches the camera until there are enough answers, then stops the camera and waits for the end. */
async function watchCamera({ entry, url, kind, answers }: Question) {
  const processor = 'MediaStreamTrackProcessor';
  const globals = globalThis as Record<string, unknown>;
  if (kind === 'stream without a processor') delete globals[processor];
  const { prototype } = HTMLVideoElement as { prototype: Partial<HTMLVideoElement> };
  if (kind === 'video without callbacks') delete prototype.requestVideoFrameCallback;

  const { load } = (await import(entry)) as Package;
  const model = await load(url);
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: 640, height: 480, frameRate: 30 },
  });
  const [track] = stream.getVideoTracks();
  const video = Object.assign(document.createElement('video'), { muted: true, srcObject: stream });
  if (kind.startsWith('video')) document.body.append(video);
  await video.play();
  const Processor = globals[processor] as new (init: object) => { readable: ReadableStream<VideoFrame> };
  const source = kind.startsWith('video')
    ? video
    : kind === 'track'
      ? track
      : kind === 'frames'
        ? new Processor({ track }).readable
        : stream;

  const passes: number[] = [];
  const latencies: number[] = [];
  const rates: number[] = [];
  // Each frame's latency is compared with the time of its own forward pass: other programs may have the processor.
  const verb = async (frame: Source, call: { signal: AbortSignal }) => {
    const begun = performance.now();
    const predictions = await model.classify(frame, { topK: 1, ...call });
    passes.push(performance.now() - begun);
    return predictions;
  };
  let labeled = true;
  for await (const { value, fps, latency } of model.watch(source, { verb })) {
    labeled &&= value.length === 1 && value[0].probability > 0;
    latencies.push(latency);
    rates.push(fps);
    if (latencies.length === answers) track.stop();
    if (latencies.length > answers + 3) throw new Error('It did not end with its track.');
  }
  const after = await model.classify(new ImageData(8, 8));
  model.dispose();
  return { passes, latencies, rates, labeled, after: after.length };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

const url = sharedIsThere ? '/deit-tiny/' : undefined;

describe.each(kinds)('the camera as a %s', (kind) => {
  it('is answered with its newest frame, not later than two forward passes, until it stops', async () => {
    const page = await chromium.open();
    const result = await page.evaluate(watchCamera, { entry, url, kind, answers: 24 });
    const { passes, latencies, rates, labeled, after } = result;
    expect(latencies.length).toBeGreaterThanOrEqual(24);
    expect([labeled, after]).toEqual([true, 5]);
    const ratios = latencies.map((latency, at) => latency / passes[at]);
    expect(median(ratios)).toBeLessThanOrEqual(2);
    expect(rates.at(-1)).toBeGreaterThan(0);
    expect(rates.at(-1)).toBeLessThan(31);
  });
});

/** Runs in the page: watches while the page hides and shows again. */
async function watchHidden({ entry }: { entry: string }) {
  const { load } = (await import(entry)) as Package;
  const model = await load();
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  const answers: { at: number; hidden: boolean; fps: number; latency: number }[] = [];
  const hide = (hidden: boolean) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const controller = new AbortController();
  const watching = (async () => {
    for await (const { fps, latency } of model.watch(stream, { signal: controller.signal })) {
      answers.push({ at: performance.now(), hidden: document.hidden, fps, latency });
    }
  })().catch((error: Error) => error.name);
  const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const until = async (count: number) => {
    while (answers.length < count) await wait(10);
  };
  await until(5);
  hide(true);
  await wait(200); // What was under way comes through.
  const before = answers.length;
  await wait(1000);
  const whileHidden = answers.length - before;
  hide(false);
  await until(before + 5);
  hide(true);
  await wait(50);
  controller.abort();
  const reason = await watching;
  model.dispose();
  stream.getTracks().forEach((track) => track.stop());
  return { whileHidden, first: answers[before], reason };
}

it('rests while the page is hidden, and starts afresh after', async () => {
  const page = await chromium.open();
  const { whileHidden, first, reason } = await page.evaluate(watchHidden, { entry });
  expect(whileHidden).toBe(0);
  expect(first.hidden).toBe(false);
  expect(first.fps).toBe(0);
  expect(first.latency).toBeLessThan(900);
  expect(reason).toBe('AbortError');
});

/** Runs in the page: a video from a file to its end, and videos that have nothing to watch. */
async function watchVideos({ entry }: { entry: string }) {
  const { load } = (await import(entry)) as Package;
  const model = await load();
  // Half a second of a canvas that changes, recorded.
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  const context = canvas.getContext('2d')!;
  const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: 'video/webm' });
  const pieces: Blob[] = [];
  recorder.ondataavailable = ({ data }) => void pieces.push(data);
  const recorded = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  for (let shade = 0; shade < 250; shade += 10) {
    context.fillStyle = `rgb(${shade} 90 30)`;
    context.fillRect(0, 0, 64, 48);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  recorder.stop();
  await recorded;
  const video = Object.assign(document.createElement('video'), { muted: true });
  video.src = URL.createObjectURL(new Blob(pieces, { type: 'video/webm' }));
  void video.play();
  let answers = 0;
  for await (const { value } of model.watch(video, { verb: 'embed' })) answers += value.length > 0 ? 1 : 0;

  // In the third answer the video loads its file again, and has no frame for a moment.
  let [asked, replaced] = [0, 0];
  video.currentTime = 0;
  await video.play();
  const verb = (frame: Source, call: { signal: AbortSignal }) => {
    if (++asked === 3) {
      video.src = URL.createObjectURL(new Blob(pieces, { type: 'video/webm' }));
      void video.play();
    }
    return model.embed(frame, call);
  };
  for await (const { value } of model.watch(video, { verb })) replaced += value.length > 0 ? 1 : 0;

  const failure = (source: HTMLVideoElement) =>
    model
      .watch(source)
      .next()
      .then(
        ({ done }) => `done: ${done}`,
        (error: Error & { code: string }) => `${error.code}: ${error.message}`,
      );
  const broken = Object.assign(document.createElement('video'), {
    src: URL.createObjectURL(new Blob(['x'])),
  });
  const taken = document.createElement('video');
  taken.srcObject = canvas.captureStream(30);
  const taking = failure(taken);
  setTimeout(() => (taken.srcObject = null), 50);
  const result = {
    answers,
    lost: asked - replaced,
    ended: video.ended,
    broken: await failure(broken),
    empty: await failure(document.createElement('video')),
    taken: await taking,
  };
  model.dispose();
  return result;
}

it('a video is watched to its end, also through a change of its file; one that is broken or empty says so', async () => {
  const page = await chromium.open();
  const { answers, lost, ended, broken, empty, taken } = await page.evaluate(watchVideos, { entry });
  expect(answers).toBeGreaterThan(1);
  expect(lost).toBe(1);
  expect(ended).toBe(true);
  expect(broken).toMatch(/^invalid-source: The <video> could not be played/);
  expect(empty).toMatch(/^invalid-source: The <video> has no source/);
  expect(taken).toBe('done: true');
});
