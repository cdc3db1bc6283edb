// model.watch on streams of raw pixels, which Node has as well. Cameras and videos: tests/browser/watch-in-a-page.test.ts.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load, VitError, type Model, type RawImage, type Source, type WatchSource } from 'vit-wasm';

import { makeImage } from '../golden/noise.js';
import { zeroShotFolder, zeroShotModels } from '../golden/zero-shot.js';
import { failureOf, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';

const inMemory = { weights: safetensors(tinyTensors()), config: tinyConfig };
const dark: RawImage = { data: new Uint8ClampedArray(9 * 7 * 4).fill(20), width: 9, height: 7 };

let model: Model;
beforeAll(async () => {
  model = await load(inMemory);
});
afterAll(() => model.dispose());

/** A picture that counts how often it is closed, as a VideoFrame has to be once. */
function frame(image: RawImage = picture) {
  const made = { ...image, closed: 0, close: () => void made.closed++ };
  return made;
}

type Frame = ReturnType<typeof frame>;

/** A stream that gives one frame each time the last one has been answered, and says whether it was cancelled. */
function oneAfterAnother(frames: readonly Frame[]) {
  let next: () => void = () => undefined;
  let cancelled = false;
  const waiting = [...frames];
  const stream = new ReadableStream<Frame>({
    start(controller) {
      next = () => {
        const one = waiting.shift();
        if (one) controller.enqueue(one);
        else controller.close();
      };
      next();
    },
    cancel() {
      cancelled = true;
    },
  });
  return { stream, next: () => next(), isCancelled: () => cancelled };
}

async function answersOf<T>(watching: AsyncIterable<T>, next: () => void): Promise<T[]> {
  const answers: T[] = [];
  for await (const answer of watching) {
    answers.push(answer);
    next();
  }
  return answers;
}

/** What is thrown by the first step. */
const refusalOf = (source: unknown, options: unknown) =>
  failureOf(model.watch(source as WatchSource, options as object).next());

describe('watch', () => {
  it('gives what classify gives for each frame, closes it, and ends with the stream', async () => {
    const frames = [frame(), frame(dark), frame()];
    const { stream, next } = oneAfterAnother(frames);
    const answers = await answersOf(model.watch(stream, { topK: 2 }), next);
    const [light, black] = await model.classify([picture, dark], { topK: 2 });
    expect(answers.map(({ predictions }) => predictions)).toEqual([light, black, light]);
    expect(frames.map(({ closed }) => closed)).toEqual([1, 1, 1]);
    expect(answers[0].fps).toBe(0);
    for (const { fps, latency } of answers.slice(1)) {
      expect(fps).toBeGreaterThan(1);
      expect(latency).toBeGreaterThan(0);
      expect(latency).toBeLessThan(1000);
    }
  });

  it('skips the frames that come while it is busy, and closes them', async () => {
    const frames = Array.from({ length: 100 }, () => frame());
    const last = frame(dark);
    const stream = new ReadableStream<Frame>({
      start(controller) {
        for (const one of [...frames, last]) controller.enqueue(one);
        controller.close();
      },
    });
    // Longer than it takes to read all the frames, however busy the machine is.
    const verb = async (seen: Source, call: { readonly signal: AbortSignal }) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return model.classify(seen, call);
    };
    const answers = await answersOf(model.watch(stream, { verb }), () => undefined);
    expect(answers.length).toBeLessThan(5);
    expect(answers.at(-1)?.value).toEqual(await model.classify(dark));
    expect([...frames, last].map(({ closed }) => closed)).toEqual(Array.from({ length: 101 }, () => 1));
  });

  it('waits until other calls are done, and then looks at the newest frame', async () => {
    const { stream, next } = oneAfterAnother([frame(), frame(dark)]);
    const many = model.logits(Array.from({ length: 200 }, () => picture));
    const watching = model.watch(stream);
    const first = watching.next();
    next(); // the dark one
    await many;
    const answer = await first;
    expect(answer.value?.predictions).toEqual(await model.classify(dark));
    await watching.return();
  });

  it('takes no more frames than `fps`', async () => {
    const begun = performance.now();
    let timer: ReturnType<typeof setInterval>;
    const stream = new ReadableStream<RawImage>({
      start: (controller) => void (timer = setInterval(() => controller.enqueue(frame()), 5)),
      cancel: () => clearInterval(timer),
    });
    const times: number[] = [];
    for await (const { fps } of model.watch(stream, { fps: 20 })) {
      times.push(performance.now());
      // The rate is that of the last ten answers.
      const [first, ...others] = times.slice(-10);
      const measured = others.length > 0 ? (1000 * others.length) / (times.at(-1)! - first) : 0;
      expect(Math.abs(fps - measured)).toBeLessThanOrEqual(measured / 5);
      if (times.length === 12) break;
    }
    // 11 gaps of 50 ms, the first of which may be half as long.
    expect(performance.now() - begun).toBeGreaterThan(10.5 * 50);
  });
});

describe('another verb', () => {
  it.each(['logits', 'embed', 'tokens', 'attention', 'preprocess'] as const)('%s', async (verb) => {
    const { stream, next } = oneAfterAnother([frame(), frame(dark)]);
    const answers = await answersOf(model.watch(stream, { verb }), next);
    const own = (source: Source) => (model[verb] as (source: Source) => Promise<unknown>)(source);
    expect(answers.map(({ value }) => value)).toEqual([await own(picture), await own(dark)]);
  });

  it('takes its own options', async () => {
    const { stream, next } = oneAfterAnother([frame()]);
    const options = { verb: 'embed', normalize: true, pool: 'mean' } as const;
    const [{ value }] = await answersOf(model.watch(stream, options), next);
    expect(value).toEqual(await model.embed(picture, { normalize: true, pool: 'mean' }));
  });

  it('a function', async () => {
    const { stream, next } = oneAfterAnother([frame(), frame(dark)]);
    const verb = async (seen: unknown, { signal }: { signal: AbortSignal }) => {
      const [best] = await model.classify(seen as RawImage, { signal });
      return `${(seen as Frame).closed} ${best.label}`;
    };
    const answers = await answersOf(model.watch(stream, { verb }), next);
    const [[light], [black]] = await model.classify([picture, dark]);
    expect(answers.map(({ value }) => value)).toEqual([`0 ${light.label}`, `0 ${black.label}`]);
  });
});

describe('smoothing', () => {
  it('averages the probabilities of all classes, then chooses among them', async () => {
    const { stream, next } = oneAfterAnother([frame(), frame(dark), frame(dark)]);
    const options = { smoothing: 0.75, topK: 2, threshold: 0.1 };
    const answers = await answersOf(model.watch(stream, options), next);
    const byIndex = async (image: RawImage) =>
      (await model.classify(image)).sort((a, b) => a.index - b.index).map(({ probability }) => probability);
    let average = await byIndex(picture);
    const black = await byIndex(dark);
    for (const { predictions } of answers) {
      const ranked = [0, 1, 2].sort((a, b) => average[b] - average[a]).slice(0, 2);
      expect(predictions.map(({ index }) => index)).toEqual(ranked.filter((index) => average[index] >= 0.1));
      for (const { index, probability } of predictions) expect(probability).toBeCloseTo(average[index], 10);
      average = average.map((before, index) => 0.75 * before + 0.25 * black[index]);
    }
    expect(answers).toHaveLength(3);
  });

  it('averages the numbers of another verb; embeddings of length 1 stay that long', async () => {
    const { stream, next } = oneAfterAnother([frame(), frame(dark)]);
    const options = { verb: 'embed', normalize: true, smoothing: 0.5 } as const;
    const answers = await answersOf(model.watch(stream, options), next);
    const [light, black] = await model.embed([picture, dark], { normalize: true });
    expect(answers[0].value).toEqual(light);
    const sum = light.map((value, at) => value + black[at]);
    const length = Math.hypot(...sum);
    answers[1].value.forEach((value, at) => expect(value).toBeCloseTo(sum[at] / length, 5));
  });
});

describe('smoothing when the labels change', () => {
  const [clip] = zeroShotModels;
  const views = ['a', 'b', 'c'].map((_, at) => makeImage({ ...clip.picture, seed: at + 1 }));

  it('begins anew, whichever class has which index now, and how many there are', async () => {
    const words = await load(zeroShotFolder(clip));
    await words.setLabels(['a cat', 'a street']);
    const { stream, next } = oneAfterAnother(views.map((view) => frame(view)));
    const watching = words.watch(stream, { smoothing: 0.9 });
    await watching.next();
    await words.setLabels(['a street', 'rain', 'a dog']);
    const fresh = await words.classify(views[1]);
    next();
    const second = await watching.next();
    expect(second.value?.predictions).toEqual(fresh);
    next();
    const third = await watching.next();
    const alone = new Map(
      (await words.classify(views[2])).map(({ label, probability }) => [label, probability]),
    );
    expect(third.value?.predictions).toHaveLength(3);
    for (const { label, probability } of third.value?.predictions ?? []) {
      const before = fresh.find((one) => one.label === label)!.probability;
      expect(probability).toBeCloseTo(0.9 * before + 0.1 * alone.get(label)!, 10);
    }
    words.dispose();
  });

  it('begins anew with logits, too', async () => {
    const words = await load(zeroShotFolder(clip), { labels: ['a cat', 'a street'] });
    const { stream, next } = oneAfterAnother(views.map((view) => frame(view)));
    const watching = words.watch(stream, { verb: 'logits', smoothing: 0.9 });
    await watching.next();
    await words.setLabels(['a street', 'rain', 'a dog']);
    next();
    const second = await watching.next();
    expect(second.value?.value).toEqual(await words.logits(views[1]));
    await watching.return();
    words.dispose();
  });
});

describe('the end', () => {
  it('an abort is final, also for a function that does not listen to its signal', async () => {
    const controller = new AbortController();
    const verb = () => {
      controller.abort('enough');
      return 1;
    };
    const { stream } = oneAfterAnother([frame()]);
    const watching = model.watch(stream, { verb, signal: controller.signal });
    expect(await failureOf(watching.next())).toBe('enough');
  });

  it('leaving the loop cancels the stream and closes what was not looked at', async () => {
    const frames = [frame(), frame(dark)];
    const { stream, next, isCancelled } = oneAfterAnother(frames);
    for await (const answer of model.watch(stream)) {
      expect(answer.predictions).toHaveLength(3);
      next();
      await new Promise((resolve) => setTimeout(resolve, 20));
      break;
    }
    expect(isCancelled()).toBe(true);
    expect(frames.map(({ closed }) => closed)).toEqual([1, 1]);
  });

  it('an abort rejects with its reason, also while no frame comes', async () => {
    const { stream, isCancelled } = oneAfterAnother([frame()]);
    const controller = new AbortController();
    const watching = model.watch(stream, { signal: controller.signal });
    await watching.next();
    const waiting = failureOf(watching.next());
    setTimeout(() => controller.abort('enough'), 10);
    expect(await waiting).toBe('enough');
    expect(isCancelled()).toBe(true);
    expect(await watching.next()).toEqual({ done: true, value: undefined });
    expect(await refusalOf(new ReadableStream(), { signal: AbortSignal.abort('no') })).toBe('no');
  });

  it('dispose() rejects it, also while no frame comes', async () => {
    const other = await load(inMemory);
    const { stream } = oneAfterAnother([frame()]);
    const watching = other.watch(stream);
    await watching.next();
    const waiting = failureOf(watching.next());
    setTimeout(() => other.dispose(), 10);
    expect(await waiting).toMatchObject({ code: 'disposed' });
    expect(await failureOf(other.watch(stream).next())).toMatchObject({ code: 'disposed' });
  });

  it('an error of the stream, of a frame or of the function is passed on', async () => {
    const broken = new ReadableStream<Frame>({ pull: () => Promise.reject(new Error('unplugged')) });
    expect(await refusalOf(broken, {})).toMatchObject({ message: 'unplugged' });
    const wrong = frame({ ...picture, width: 1000 });
    const { stream, isCancelled } = oneAfterAnother([wrong]);
    expect(await refusalOf(stream, {})).toMatchObject({ code: 'invalid-source' });
    expect([wrong.closed, isCancelled()]).toEqual([1, true]);
    const verb = () => Promise.reject(new Error('my own'));
    expect(await refusalOf(oneAfterAnother([frame()]).stream, { verb })).toMatchObject({ message: 'my own' });
  });
});

describe('is refused:', () => {
  const locked = new ReadableStream();
  locked.getReader();
  it.each([
    ['nothing', undefined, {}, 'invalid-source', 'watch cannot use undefined; give a <video>'],
    ['a picture', picture, {}, 'invalid-source', 'watch cannot use'],
    ['a word', 'camera', {}, 'invalid-source', 'watch cannot use "camera"'],
    ['a locked stream', locked, {}, 'invalid-source', 'is being read elsewhere'],
    ['a stream without video', { getVideoTracks: () => [] }, {}, 'invalid-source', 'has no video'],
    ['a stream', new ReadableStream(), { fps: 0 }, 'invalid-argument', 'fps is 0'],
    ['a stream', new ReadableStream(), { fps: '30' }, 'invalid-argument', 'fps is "30"'],
    ['a stream', new ReadableStream(), { smoothing: 1 }, 'invalid-argument', 'smoothing is 1'],
    ['a stream', new ReadableStream(), { smoothing: NaN }, 'invalid-argument', 'smoothing is'],
    ['a stream', new ReadableStream(), { latest: true }, 'unsupported-option', 'no option "latest"'],
    ['a stream', new ReadableStream(), { settle: true }, 'unsupported-option', 'no option "settle"'],
    ['a stream', new ReadableStream(), { verb: 'dispose' }, 'invalid-argument', 'verb is "dispose"'],
    ['a stream', new ReadableStream(), { signal: 1 }, 'invalid-argument', 'signal is 1'],
    ['a stream', new ReadableStream(), 3, 'invalid-argument', 'watch cannot use 3 as options'],
    ['a stream', new ReadableStream(), null, 'invalid-argument', 'watch cannot use null as options'],
    ['a stream', new ReadableStream(), { smoothing: 0.5, topK: 0 }, 'invalid-argument', 'topK is 0'],
    ['a stream', new ReadableStream(), { verb: () => 1, topK: 1 }, 'unsupported-option', 'no option "topK"'],
    ['a stream', new ReadableStream(), { color: 1 }, 'unsupported-option', 'no option "color"'],
  ])('%s with %p', async (_name, source, options, code, says) => {
    const error = await refusalOf(source, options);
    expect(error).toBeInstanceOf(VitError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
  });
});
