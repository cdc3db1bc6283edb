// Reading by counts of bytes, from streams that misbehave.
import { describe, expect, it } from '@jest/globals';

import { ByteReader } from '../../web/checkpoint/files/byte-reader.js';
import type { ByteStream } from '../../web/checkpoint/files/stream.js';
import { failureOf } from '../web/tiny-checkpoint.js';

/** Gives these pieces and then never anything, whatever becomes of it: as Node's `fetch` may do after an abort. */
function silentAfter(...pieces: Uint8Array[]) {
  let cancelled = 0;
  const stream: ByteStream = {
    next: () => (pieces.length > 0 ? Promise.resolve(pieces.shift()) : new Promise(() => undefined)),
    cancel: () => {
      cancelled++;
      return new Promise(() => undefined);
    },
  };
  return { stream, cancelled: () => cancelled };
}

describe('an abort ends a read that never settles', () => {
  const reads: [string, (reader: ByteReader) => Promise<unknown>][] = [
    ['next', (reader) => reader.next()],
    ['read', (reader) => reader.read(10)],
    ['peek', (reader) => reader.peek(10)],
    ['pour', (reader) => reader.pour(10, () => undefined)],
    ['skip', (reader) => reader.skip(10)],
  ];

  it.each(reads)('%s', async (name, read) => {
    const abort = new AbortController();
    const { stream, cancelled } = silentAfter(...(name === 'next' ? [] : [new Uint8Array(3)]));
    const reader = new ByteReader(stream, 'the file', abort.signal);
    const failure = failureOf(read(reader));
    setTimeout(() => abort.abort('enough'), 10);
    expect(await failure).toBe('enough');
    expect(cancelled()).toBe(1);
  });
});

it('gives bytes by counts, whatever the pieces, and peeks without passing', async () => {
  const { stream } = silentAfter(Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3, 4, 5));
  const reader = new ByteReader(stream, 'the file', new AbortController().signal);
  expect(await reader.peek(3)).toEqual(Uint8Array.of(1, 2, 3));
  expect(await reader.read(1)).toEqual(Uint8Array.of(1));
  expect(await reader.skip(1)).toBe(true);
  expect(reader.position).toBe(2);
  expect(await reader.read(3)).toEqual(Uint8Array.of(3, 4, 5));
});

it('refuses more bytes than allowed as they come', async () => {
  const { stream } = silentAfter(new Uint8Array(8));
  const reader = new ByteReader(stream, 'the file', new AbortController().signal, 7);
  expect(await failureOf(reader.next())).toMatchObject({ name: 'VitError', code: 'too-large' });
});
