import { describe, expect, it } from '@jest/globals';

import { ByteReader } from '../../web/checkpoint/files/byte-reader.js';
import { openSafetensors } from '../../web/checkpoint/formats/safetensors.js';
import { streamOf, type ByteStream } from '../../web/checkpoint/files/stream.js';
import type { VitErrorCode } from '../../web/errors.js';
import { failureOf, frame, makeTensor, safetensors } from '../web/tiny-checkpoint.js';

/** A stream of `bytes` in chunks of at most `size`, all in the same memory, as a file on the network has them. */
function inChunks(bytes: Uint8Array, size = bytes.length): ByteStream {
  const buffer = new Uint8Array(size);
  let at = 0;
  return {
    next() {
      const chunk = bytes.subarray(at, at + size);
      at += chunk.length;
      buffer.fill(0xff).set(chunk);
      return Promise.resolve(chunk.length > 0 ? buffer.subarray(0, chunk.length) : undefined);
    },
    cancel: () => Promise.resolve(),
  };
}

function readerOf(bytes: Uint8Array, size?: number, signal = new AbortController().signal): ByteReader {
  return new ByteReader(inChunks(bytes, size), 'the file', signal);
}

const one = makeTensor('one', [2, 3]);
const two = makeTensor('two', [4]);

describe('a safetensors header', () => {
  it.each([1, 3, 8, 1000])('is read from chunks of %d bytes', async (size) => {
    const file = safetensors([one, two]);
    const reader = readerOf(file, size);
    const weights = await openSafetensors(reader, 'model.safetensors');
    expect(weights.tensors).toEqual([
      { name: 'one', dtype: 'F32', shape: [2, 3], bytes: 24, begin: 0, end: 24 },
      { name: 'two', dtype: 'F32', shape: [4], bytes: 16, begin: 24, end: 40 },
    ]);
    const pieces: number[] = [];
    const reports: unknown[] = [];
    await weights.pour(
      ({ name }) => (name === 'two' ? (piece) => pieces.push(...piece) : undefined),
      (...report) => reports.push(report),
    );
    expect(pieces).toEqual([...two.data]);
    expect(reports.at(-1)).toEqual(['model.safetensors', file.length, file.length]);
  });

  it('gives tensors in the order of their bytes, whatever that of the names', async () => {
    const header = {
      late: { dtype: 'F16', shape: [2], data_offsets: [8, 12] },
      early: { dtype: 'F64', shape: [], data_offsets: [0, 8] },
      none: { dtype: 'BF16', shape: [0, 7], data_offsets: [8, 8] },
    };
    const file = frame(JSON.stringify(header), new Uint8Array(12));
    const { tensors } = await openSafetensors(readerOf(file), 'f');
    expect(tensors.map(({ name }) => name)).toEqual(['early', 'none', 'late']);
  });

  it('may be padded, without metadata, and have any text for names', async () => {
    const name = 'a "quoted", {bracketed} \\ name: ü';
    const header = { [name]: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } };
    const file = frame(`${JSON.stringify(header)}   `, new Uint8Array(1));
    expect((await openSafetensors(readerOf(file), 'f')).tensors[0].name).toBe(name);
  });
});

const entry = (text: string) => frame(`{"t": ${text}}`, new Uint8Array(64));
const ofLength = (length: bigint) => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
};
const text = (content: string) => new TextEncoder().encode(content);
const latin1 = (content: string) => Uint8Array.from(content, (character) => character.charCodeAt(0));

const malformed: [name: string, file: Uint8Array, code: VitErrorCode, says: string][] = [
  ['nothing', new Uint8Array(), 'truncated', 'is empty'],
  ['fewer than 8 bytes', new Uint8Array(5), 'not-safetensors', 'fewer than 8 bytes'],
  ['a header of 0 bytes', ofLength(0n), 'not-safetensors', '0 bytes'],
  ['a header of 100,000,001 bytes', ofLength(100_000_001n), 'not-safetensors', '100000001 bytes'],
  ['a header of 2^64 - 1 bytes', ofLength(2n ** 64n - 1n), 'not-safetensors', '18446744073709551615 bytes'],
  ['the end within the header', safetensors([one]).slice(0, 30), 'truncated', 'within its header'],
  ['a header that is not UTF-8', frame(latin1('{"\xff": 1}')), 'not-safetensors', 'not UTF-8'],
  ['a header that is a list', frame('[]'), 'not-safetensors', 'does not start with "{"'],
  ['a header that is not JSON', frame('{"a": }'), 'not-safetensors', 'not valid JSON'],
  ['metadata that is a list', frame('{"__metadata__": []}'), 'not-safetensors', '__metadata__'],
  [
    'the same name twice',
    frame(
      '{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},' +
        ' "\\u0061": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}',
    ),
    'not-safetensors',
    'two tensors named "a"',
  ],
  ['a tensor that is a number', entry('7'), 'not-safetensors', '"t" is not described by an object'],
  ['a tensor that is null', entry('null'), 'not-safetensors', '"t" is not described by an object'],
  [
    'an unknown dtype',
    entry('{"dtype": "F12", "shape": [1], "data_offsets": [0, 4]}'),
    'not-safetensors',
    'unknown dtype "F12"',
  ],
  [
    'a dtype from the prototype',
    entry('{"dtype": "toString", "shape": [1], "data_offsets": [0, 4]}'),
    'not-safetensors',
    'unknown dtype "toString"',
  ],
  ['no dtype', entry('{"shape": [1], "data_offsets": [0, 4]}'), 'not-safetensors', 'unknown dtype'],
  [
    'no shape',
    entry('{"dtype": "F32", "data_offsets": [0, 4]}'),
    'not-safetensors',
    'no shape of whole numbers',
  ],
  [
    'a negative shape',
    entry('{"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}'),
    'not-safetensors',
    'no shape of whole numbers',
  ],
  [
    'half a shape',
    entry('{"dtype": "F32", "shape": [0.5], "data_offsets": [0, 2]}'),
    'not-safetensors',
    'no shape of whole numbers',
  ],
  [
    'a shape whose product overflows',
    entry('{"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 4]}'),
    'not-safetensors',
    'impossible shape [4294967296, 4294967296]',
  ],
  ['no offsets', entry('{"dtype": "F32", "shape": [1]}'), 'not-safetensors', 'no data_offsets'],
  [
    'three offsets',
    entry('{"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}'),
    'not-safetensors',
    'no data_offsets',
  ],
  [
    'offsets that run backwards',
    entry('{"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}'),
    'not-safetensors',
    'has -4 bytes, but F32 of shape [1] takes 4',
  ],
  [
    'fewer bytes than the shape takes',
    entry('{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 20]}'),
    'not-safetensors',
    'has 20 bytes, but F32 of shape [2, 3] takes 24',
  ],
  [
    'a gap before the first tensor',
    entry('{"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}'),
    'not-safetensors',
    'gap before its tensor "t"',
  ],
  [
    'overlapping tensors',
    frame(
      '{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},' +
        ' "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}',
    ),
    'not-safetensors',
    '"b" overlaps',
  ],
  ['an HTML page', text('<!DOCTYPE html><title>Hello</title>'), 'html', 'Got an HTML page from the file'],
  ['an XML answer', text('<?xml version="1.0"?><Error/>'), 'html', 'Got an HTML page from the file'],
  ['a bare pickle', latin1('\x80\x02\x8a\x0al\xfc\x9cF\xf9'), 'unsupported-format', 'save_pretrained'],
  ['an ONNX model', latin1('\x08\x07\x12\x07pytorch'), 'unsupported-format', 'ONNX'],
  ['a GGUF model', latin1('GGUF\x03\0\0\0\x10\0'), 'unsupported-format', 'GGUF'],
  ['an HDF5 file', latin1('\x89HDF\r\n\x1a\n\0\0'), 'unsupported-format', 'HDF5'],
  [
    'a Git LFS pointer',
    text('version https://git-lfs.github.com/spec/v1\n'),
    'unsupported-format',
    'git lfs',
  ],
];

describe('a file that is no safetensors file', () => {
  it.each(malformed)('has %s', async (_, file, code, says) => {
    const error = await failureOf(openSafetensors(readerOf(file, 7), 'f'));
    expect(error).toMatchObject({ name: 'VitError', code, message: expect.stringContaining(says) });
  });
});

describe('reading', () => {
  it('ends with the reason of an abort, also while a chunk is awaited', async () => {
    let cancelledWith: unknown;
    const silent = new ReadableStream<Uint8Array>({
      cancel(reason) {
        cancelledWith = reason;
      },
    });
    const abort = new AbortController();
    const reading = failureOf(new ByteReader(streamOf(silent), 'the file', abort.signal).read(8));
    abort.abort('enough');
    expect(await reading).toBe('enough');
    expect(cancelledWith).toBe('enough');
  });

  it('names the file when its stream breaks off', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new TypeError('network error'));
      },
    });
    const reader = new ByteReader(
      streamOf(broken),
      'https://example.org/model.safetensors',
      new AbortController().signal,
    );
    expect(await failureOf(reader.read(8))).toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(/https:\/\/example.org\/model.safetensors broke off after 0 bytes/),
      cause: { message: 'network error' },
    });
  });
});
