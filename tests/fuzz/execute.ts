// One execution: a model's files are loaded as `load` does it, and a picture is put through whatever loads. What has to
// hold is the oracle: an answer of finite numbers, or one sentence in a VitError; in time; with every file let go.
import type { ModelFiles } from '../../web/checkpoint/files/model-files.js';
import type { Engine } from '../../web/engine/engine.js';
import { VitError } from '../../web/errors.js';
import { topPredictions } from '../../web/labels.js';
import { rawPixels } from '../../web/pictures/pixels.js';
import { openSession } from '../../web/runtime/session.js';
import type { Session } from '../../web/runtime/session.js';
import { perform } from '../../web/runtime/verbs.js';
import type { RawImage, Region } from '../../web/types.js';
import { CountedFiles } from './counted-files.js';
import type { Packed } from './pack.js';
import { randomOf, type Random } from './random.js';

const rare = () => import('../../web/runtime/rare.js');

/** Milliseconds of the processor that an execution may take, however busy it is; most take a few. */
const longest = 10_000;

/** What came of an execution: the error's code, or `loaded`. */
export type Outcome = string;

/** Thrown for what should never be. */
export class Fault extends Error {}

/** Does what `work` does with a model of the files and engines of `start`. */
export async function execute(
  packed: Packed,
  seed: number,
  start: () => Promise<Engine>,
  work: Work = lookAt,
): Promise<Outcome> {
  const random = randomOf(seed ^ 0x5eed);
  const begin = process.cpuUsage();
  const files = new CountedFiles();
  let outcome = 'loaded';
  try {
    await work({ packed, random, start, files });
  } catch (error) {
    outcome = codeOf(error);
  }
  for (let turn = 0; turn < 20 && files.open > 0; turn++)
    await new Promise((resolve) => setTimeout(resolve, 2));
  if (files.open > 0) throw new Fault(`${files.open} files stay open after ${outcome}`);
  const { user, system } = process.cpuUsage(begin);
  const milliseconds = (user + system) / 1000;
  if (milliseconds > longest) throw new Fault(`${outcome} takes ${Math.round(milliseconds)} ms`);
  return outcome;
}

/** What an execution is done with. */
export interface Subject {
  readonly packed: Packed;
  readonly random: Random;
  readonly files: CountedFiles;
  readonly start: () => Promise<Engine>;
}

type Work = (subject: Subject) => Promise<void>;

/** Loads a model and has it see a picture. */
async function lookAt(subject: Subject): Promise<void> {
  const session = await sessionOf(subject);
  try {
    look(session, subject.random);
  } finally {
    session.engine.dispose();
  }
}

/** Loads a model; with `tokens`, its text encoder. */
export async function sessionOf(
  { packed, random, files, start }: Subject,
  tokens?: readonly number[],
): Promise<Session> {
  const request = {
    files: filesOf(packed),
    variant: 'simd',
    dtype: random.oneIn(4) ? 'int8' : undefined,
    kernels: {
      fp32: { name: '5x8', reason: 'for fuzzing', measured: false },
      int8: { name: '3x12', reason: 'for fuzzing', measured: false },
    },
    threads: { count: 1, reason: '', automatic: false },
    tokens,
  } as const;
  const bytesAt = random.oneIn(2) ? undefined : () => Promise.resolve(undefined);
  return await openSession(request, start(), { open: files.opener, bytesAt, rare });
}

export function filesOf({ files, weights }: Packed): ModelFiles {
  const listed = Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name, { kind: 'bytes', bytes } as const]),
  );
  return { title: 'the case', weights, listed };
}

/** The code of an error as it should be; a Fault for any other. */
export function codeOf(error: unknown): string {
  if (error instanceof Fault) throw error;
  if (!(error instanceof VitError)) {
    throw new Fault(
      `not a VitError but ${error instanceof Error ? (error.stack ?? error.message) : typeof error}`,
    );
  }
  if (error.code === 'engine') throw new Fault(`a trap: ${error.message}`);
  if (error.message.length > 1500) throw new Fault(`a message of ${error.message.length} characters`);
  if (!/^\S.*[^.]\.$/s.test(error.message)) throw new Fault(`no sentence: ${error.message}`);
  return error.code;
}

/** Forward passes of more tokens would take most of the time, and go through the same code. */
const mostTokens = 600;

function look(session: Session, random: Random): void {
  const { engine, info } = session;
  const finite = (what: string, values: Float32Array) => {
    if (!values.every(Number.isFinite)) throw new Fault(`${what} are not finite`);
    return values;
  };
  const { image, region } = pictureFrom(random, info.imageSize);
  const verb = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      codeOf(error);
      return undefined;
    }
  };
  const isIn = verb(() => {
    const pixels = rawPixels(image, region);
    engine.guard(() => engine.preprocess(pixels));
    return true;
  });
  if (!isIn) return;
  finite('pixel values', perform(session, 'preprocess', undefined));
  const patches =
    (info.imageSize.height / info.patchSize.height) * (info.imageSize.width / info.patchSize.width);
  if (patches > mostTokens) return;
  const logits = verb(() => perform(session, 'logits', undefined));
  if (logits) {
    finite('logits', logits);
    const choice = { topK: info.classes, threshold: 0 };
    const predictions = perform(session, 'classify', choice);
    if (predictions.length !== info.classes)
      throw new Fault(`${predictions.length} of ${info.classes} classes`);
    const inOrder = predictions.every(
      ({ probability: p }, i) => p >= 0 && p <= 1 && p <= (predictions[i - 1]?.probability ?? 1),
    );
    if (!inOrder) throw new Fault('probabilities that are none, or out of order');
    topPredictions(engine.probabilities(), info.labels, choice);
  }
  // Two of the ways to look inside: together they would take most of the time.
  const origin = { x: 0, y: 0 };
  const layer = random.below(info.layers);
  const label = info.classes > 0 ? random.below(info.classes) : 0;
  const inside: (() => Float32Array | undefined)[] = [
    () =>
      perform(session, 'embed', {
        pool: random.pick(['cls', 'mean', undefined]),
        normalize: random.oneIn(2),
      }),
    () => perform(session, 'tokens', { norm: random.oneIn(2), blocks: random.below(info.layers + 1) }).data,
    () => perform(session, 'attention', { layer, head: undefined, rollout: random.oneIn(2), origin }).data,
    () => perform(session, 'explain', { label, origin }).data,
    () => void perform(session, 'logitLens', { topK: 1, patches: random.oneIn(2) }),
  ];
  for (let turn = 0; turn < 2; turn++) {
    const values = verb(random.pick(inside));
    if (values) finite('values', values);
  }
}

/** A raw picture, and a region of it, of which one in a few is wrong. */
function pictureFrom(
  random: Random,
  usual: { width: number; height: number },
): { image: RawImage; region: Region | undefined } {
  const edge = (own: number) =>
    random.oneIn(2) ? Math.min(own, 64) : random.pick([1, 2, 3, 8, 17, 40, 300]);
  const [width, height] = [edge(usual.width), edge(usual.height)];
  const wrong = random.oneIn(8);
  const length = width * height * 4 + (wrong ? random.pick([-4, -1, 1, 4]) : 0);
  const bytes = new Uint8Array(Math.max(0, length)).map((_, i) => (i * 31 + (i >> 6) * 7) & 255);
  const data = random.oneIn(2) ? bytes : new Uint8ClampedArray(bytes.buffer);
  const odd = () => random.pick([0, -1, NaN, 1.5, 2 ** 31, Infinity, width]);
  const image = { data, width: random.oneIn(20) ? odd() : width, height: random.oneIn(20) ? odd() : height };
  if (random.oneIn(2)) return { image, region: undefined };
  const x = random.below(width);
  const y = random.below(height);
  return {
    image,
    region: { x, y, width: 1 + random.below(width - x), height: 1 + random.below(height - y) },
  };
}
