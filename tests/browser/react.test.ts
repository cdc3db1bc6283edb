// `useVit` with React itself in a real page, under StrictMode, which mounts everything twice: it loads, classifies, watches,
// reports progress and errors, cancels, changes its model, and lets go of everything.
import { beforeAll, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

import { dist, inChromium, usualRoutes } from './chromium.js';

const folder = await mkdtemp(join(tmpdir(), 'vit-react-'));
const chromium = inChromium({ ...usualRoutes, '/react/': pathToFileURL(`${folder}/`) });

type Bundled = typeof import('./react-page.js');
const script = '/react/page.js';

beforeAll(async () => {
  await build({
    entryPoints: { page: fileURLToPath(new URL('react-page.ts', import.meta.url)) },
    outdir: folder,
    bundle: true,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"development"' },
    plugins: [
      {
        name: 'the built package',
        setup(bundle) {
          bundle.onResolve({ filter: /\/web\/react\.js$/ }, () => ({
            path: fileURLToPath(new URL('react.js', dist)),
          }));
          bundle.onResolve({ filter: /^\.\/index\.js$/ }, () => ({
            path: '/package/index.js',
            external: true,
          }));
        },
      },
    ],
  });
});

/** Runs in the page. */
async function useHook({ script }: { script: string }) {
  const started: Worker[] = [];
  const ended = new Set<Worker>();
  const { Worker: Original } = window;
  window.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Original>) {
      super(...args);
      started.push(this);
    }
    override terminate() {
      ended.add(this);
      super.terminate();
    }
  };
  const { mount } = (await import(script)) as Bundled;
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  canvas.getContext('2d')!.fillRect(0, 0, 30, 30);

  const stage = mount(undefined, canvas);
  const first = await stage.until(({ predictions, busy }) => predictions !== undefined && !busy);
  const expected = await first.model!.classify(canvas, { topK: 3 });
  const progress = [...new Set(stage.renders.map(({ progress }) => progress))];
  const calls = new Set(stage.renders.map(({ classify }) => classify)).size;

  const answer = await first.classify(canvas, { topK: 1 });
  const failed = await first.classify(new Blob(['x']));
  const failure = await stage.until(({ error }) => error !== undefined);
  await first.classify(canvas);
  const mended = await stage.until(({ busy, error }) => !busy && !error);

  // The newer call takes the older one's place.
  const older = first.classify(canvas, { topK: 1 });
  const newer = first.classify(canvas, { topK: 2 });
  const lengths = [(await older)?.length, (await newer)?.length];
  const cancelling = first.classify(canvas);
  first.cancel();
  const cancelled = await cancelling;

  const video = Object.assign(document.createElement('video'), { muted: true });
  const track = canvas.captureStream(30).getVideoTracks()[0];
  video.srcObject = new MediaStream([track]);
  const timer = setInterval(() => canvas.getContext('2d')!.fillRect(0, 0, Math.random() * 60, 40), 30);
  await video.play();
  const watching = first.watch(video, { topK: 4 });
  const watched = await stage.until(({ fps = 0, predictions }) => fps > 0 && predictions?.length === 4);
  first.cancel();
  await watching;
  const rested = await stage.until(({ busy }) => !busy);
  track.stop();
  clearInterval(timer);

  stage.change('/models/nothing/');
  const missing = await stage.until(({ error }) => error !== undefined);
  const replaced = await first.model!.embed(canvas).catch((error: { code: string }) => error.code);
  stage.change('/models/three-blocks/', { dtype: 'int8' });
  const other = await stage.until(({ model }) => model !== undefined);
  const dtype = other.model!.info.dtype;

  stage.unmount();
  const gone = await other.model!.embed(canvas).catch((error: { code: string }) => error.code);
  const after = await other.classify(canvas);
  // Downloads are stored before a worker ends.
  for (let waited = 0; ended.size < started.length && waited < 15_000; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    predictions: first.predictions,
    expected,
    progress,
    calls,
    answer: answer?.length,
    failed,
    failure: (failure.error as { code?: string }).code,
    mended: mended.predictions?.length,
    lengths,
    cancelled,
    fps: watched.fps,
    rested: [rested.fps, rested.error],
    missing: [(missing.error as { code?: string }).code, missing.model, missing.predictions],
    replaced,
    dtype,
    gone,
    after,
    left: started.length - ended.size,
  };
}

it('loads, classifies, watches, reports, cancels, and frees everything', async () => {
  const page = await chromium.open();
  const result = await page.evaluate(useHook, { script });
  expect(result.predictions).toHaveLength(3);
  expect(result.predictions).toEqual(result.expected);
  expect(result.progress).toEqual([...result.progress].sort((a, b) => a - b));
  expect(result.progress.at(-1)).toBe(1);
  expect(result.calls).toBe(1);
  expect(result).toMatchObject({ answer: 1, failure: 'invalid-source', mended: 5, lengths: [undefined, 2] });
  expect([result.failed, result.cancelled, result.after]).toEqual([undefined, undefined, undefined]);
  expect(result.fps).toBeGreaterThan(0);
  expect(result.rested).toEqual([undefined, undefined]);
  expect(result.missing).toEqual(['not-found', undefined, undefined]);
  expect([result.replaced, result.gone]).toEqual(['disposed', 'disposed']);
  expect(result.dtype).toBe('int8');
  expect(result.left).toBe(0);
});

it('is small', async () => {
  const hook = await readFile(new URL('react.js', dist));
  expect(brotliCompressSync(hook).length).toBeLessThan(3000);
  expect(hook.toString()).toMatch(/^["']use client["']/);
});
