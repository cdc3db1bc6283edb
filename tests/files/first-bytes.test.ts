// A file over HTTP whose first bytes are requested alone, from servers in all kinds of trouble.
import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { ByteReader } from '../../web/checkpoint/files/byte-reader.js';
import { download } from '../../web/checkpoint/files/download.js';
import type { ByteStream } from '../../web/checkpoint/files/stream.js';
import { breakOff, troubled, whole, type Answers } from '../web/http.js';
import { bytes, length, sameAs, serving } from './served-file.js';

const put = serving();

describe('the first bytes alone', () => {
  /** Any parts of the file, and `bytes 7-` too. */
  const inParts = (response: ServerResponse, request: IncomingMessage, tag = '"1"') => {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const begin = Number(from ?? 0);
    const end = Math.min(to ? Number(to) + 1 : length, length);
    if (tag) response.setHeader('etag', tag);
    if (from !== undefined) response.setHeader('content-range', `bytes ${begin}-${end - 1}/${length}`);
    response.setHeader('content-length', end - begin);
    response.writeHead(from === undefined ? 200 : 206).end(bytes.subarray(begin, end));
  };
  const open = async (url: string, firstBytes: number) => {
    const { signal } = new AbortController();
    const stream = await download({ kind: 'url', url, firstBytes }, signal);
    return new ByteReader(stream as ByteStream, url, signal);
  };

  it('are followed by the rest', async () => {
    const { url, requests } = put((response, request) => inParts(response, request));
    expect(sameAs(await (await open(url, 1000)).read(Infinity))).toBe(true);
    expect(requests()).toMatchObject([{ range: 'bytes=0-999' }, { range: 'bytes=1000-', ifRange: '"1"' }]);
  });

  it('may be all', async () => {
    const { url, requests } = put((response, request) => inParts(response, request));
    expect(sameAs(await (await open(url, 1 << 20)).read(Infinity))).toBe(true);
    expect(requests()).toHaveLength(1);
  });

  it('may be of a file without any', async () => {
    const { url } = put((response, { headers }) => {
      if (headers.range) response.setHeader('content-range', 'bytes */0');
      response.writeHead(headers.range ? 416 : 200).end();
    });
    expect(await (await open(url, 1000)).read(Infinity)).toHaveLength(0);
  });

  it.each<[string, Answers[string]]>([
    ['ignores that', troubled(bytes, { ranges: false, tags: ['"1"'] })],
    ['refuses that', (response) => void response.writeHead(400).end()],
    ['does not answer', (response) => void response.socket?.destroy()],
    ['shows no version', (response, request) => inParts(response, request, '')],
    ['shows a weak version', (response, request) => inParts(response, request, 'W/"1"')],
    ['sends another part', (response) => void response.writeHead(206, { etag: '"1"' }).end('another')],
  ])('are those of the whole file where the server %s', async (_, answer) => {
    const { url, requests } = put((response, request) =>
      request.headers.range ? answer(response, request) : whole(bytes)(response),
    );
    expect(sameAs(await (await open(url, 1000)).read(Infinity))).toBe(true);
    expect(requests().slice(1)).toMatchObject(requests().length > 1 ? [{ range: undefined }] : []);
  });

  it('are resumed where the connection broke', async () => {
    let answers = 0;
    const { url, requests } = put((response, request) => {
      if (answers++ > 0) {
        inParts(response, request);
        return;
      }
      const headers = { etag: '"1"', 'content-range': `bytes 0-999/${length}`, 'content-length': 1000 };
      response.writeHead(206, headers).write(bytes.subarray(0, 10));
      breakOff(response);
    });
    expect(sameAs(await (await open(url, 1000)).read(Infinity))).toBe(true);
    expect(requests().map(({ range }) => range)).toEqual(['bytes=0-999', 'bytes=10-999', 'bytes=1000-']);
  });

  it.each<[string, number | undefined, string[]]>([
    ['and the rest follows', undefined, ['bytes=0-999', 'bytes=1000-']],
    ['and the next part follows', 2000, ['bytes=0-999', 'bytes=1000-1999']],
  ])('may end with the connection, %s', async (_, until, ranges) => {
    let answers = 0;
    const { url, requests } = put((response, request) => {
      if (answers++ > 0) {
        inParts(response, request);
        return;
      }
      // Of a length that nobody has told, so that only the end of the connection would be its end.
      const headers = { etag: '"1"', 'content-range': `bytes 0-999/${length}` };
      response.writeHead(206, headers).write(bytes.subarray(0, 1000));
      breakOff(response);
    });
    const reader = await open(url, 1000);
    await reader.skip(900, undefined, until);
    expect(await reader.read(1100)).toEqual(bytes.subarray(900, 2000));
    expect(requests().map(({ range }) => range)).toEqual(ranges);
    await reader.cancel();
  });

  it('are all that is sent of a file that is read here and there', async () => {
    const large = new Uint8Array(4 << 20).map((_, i) => i >> 12);
    const { url, requests } = put((response, { headers }) => {
      const [from, to] =
        /^bytes=(\d+)-(\d+)$/
          .exec(headers.range ?? '')
          ?.slice(1)
          .map(Number) ?? [];
      const part = { etag: '"1"', 'content-range': `bytes ${from}-${to}/${large.length}` };
      response.writeHead(206, part).end(large.subarray(from, to + 1));
    });
    const at = 2000 + (1 << 20);
    const reader = await open(url, 1000);
    await reader.read(900);
    await reader.skip(100, undefined, 2000);
    expect(await reader.read(1000)).toEqual(large.subarray(1000, 2000));
    await reader.skip(1 << 20, undefined, at + 500);
    expect(await reader.read(500)).toEqual(large.subarray(at, at + 500));
    // Nothing is asked for to find out that the file has ended.
    await reader.skip(large.length - reader.position);
    expect(await reader.next()).toBeUndefined();
    expect(requests().map(({ range }) => range)).toEqual([
      'bytes=0-999',
      'bytes=1000-1999',
      `bytes=${at}-${at + 499}`,
    ]);
  });
});
