// Whatever is wrong with a model's files: one sentence that says it, at once, and nothing is left behind.
import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { BytesAt } from '../../web/checkpoint/files/folder.js';
import { openFile, type OpenFile } from '../../web/checkpoint/files/source.js';
import type { ByteStream } from '../../web/checkpoint/files/stream.js';
import { VitError } from '../../web/errors.js';
import type { Engine } from '../../web/engine/engine.js';
import { openSession } from '../../web/runtime/session.js';
import { createEngine } from '../engine.js';
import { malformed, wellFormed } from './malformed/all.js';
import type { Malformed } from './malformed/row.js';

/** Milliseconds that a case may take on a busy machine; none needs more than a few of them. */
const longest = 5000;

interface Outcome {
  readonly error: unknown;
  readonly engine: Engine;
  /** Streams that were opened and neither read to their end nor let go. */
  readonly open: number;
}

/** Loads what a case has, from streams in pieces of 1000 bytes. */
async function outcomeOf(
  { files, weights }: Pick<Malformed, 'files' | 'weights'>,
  bytesAt?: BytesAt,
): Promise<Outcome> {
  let open = 0;
  const counted: OpenFile = async (location, name, signal) => {
    const stream = await openFile(location, name, signal);
    if (!stream) return undefined;
    open++;
    return inPieces(stream, () => open--);
  };
  const engine = await createEngine('simd');
  const listed = Object.fromEntries(
    Object.entries(files()).map(([name, bytes]) => [name, { kind: 'bytes', bytes } as const]),
  );
  const request = {
    files: { title: 'the case', weights, listed },
    variant: 'simd',
    threads: { count: 1, reason: '', automatic: false },
  } as const;
  const error = await openSession(request, Promise.resolve(engine), {
    open: counted,
    bytesAt,
    rare: () => import('../../web/runtime/rare.js'),
  }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  // Letting go takes a turn or two.
  for (let turn = 0; turn < 10 && open > 0; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  return { error, engine, open };
}

function inPieces(stream: ByteStream, onEnd: () => void): ByteStream {
  let rest = new Uint8Array();
  return {
    async next() {
      if (rest.length === 0) {
        const piece = await stream.next();
        if (!piece) {
          onEnd();
          return undefined;
        }
        rest = Uint8Array.from(piece);
      }
      const part = rest.subarray(0, 1000);
      rest = rest.subarray(1000);
      return part;
    },
    async cancel(reason) {
      onEnd();
      await stream.cancel(reason);
    },
  };
}

const ways: [string, BytesAt | undefined][] = [
  ['in memory', undefined],
  ['as a download', () => Promise.resolve(undefined)],
];

describe.each(ways)('%s', (_, bytesAt) => {
  it.each(wellFormed)('$name is loaded', async ({ files }) => {
    const { error, engine, open } = await outcomeOf({ files, weights: 'model.safetensors' }, bytesAt);
    expect(error).toBeUndefined();
    expect(open).toBe(0);
    engine.dispose();
  });

  it.each(malformed)('$name', async (wrong) => {
    const { code, says } = wrong;
    const start = performance.now();
    const { error, engine, open } = await outcomeOf(wrong, bytesAt);
    expect(performance.now() - start).toBeLessThan(longest);
    expect(error).toBeInstanceOf(VitError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
    // One sentence: it begins with a capital or a name and ends with its only full stop before a space.
    expect((error as VitError).message).toMatch(/^\S.*[^.]\.$/s);
    expect((error as VitError).message.length).toBeLessThanOrEqual(1500);
    expect(open).toBe(0);
    expect(() => engine.memoryBytes).toThrow(expect.objectContaining({ code: 'disposed' }));
  });
});

it('there are at least 60 cases, each with a name of its own', () => {
  expect(malformed.length).toBeGreaterThanOrEqual(60);
  expect(new Set(malformed.map(({ name }) => name)).size).toBe(malformed.length);
});

it('no memory is left behind', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const inUse = async () => {
    // Buffers of the heap and of WebAssembly go one turn after what holds them.
    for (let turn = 0; turn < 3; turn++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const runAll = async () => {
    for (const wrong of malformed) await outcomeOf(wrong);
  };
  await runAll();
  const before = await inUse();
  await runAll();
  // An engine has 16 MB at least, so a single one that stays shows.
  expect((await inUse()) - before).toBeLessThan(8 << 20);
});
