// One file over HTTP from servers in all kinds of trouble.
import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';

import { ByteReader } from '../../web/checkpoint/files/byte-reader.js';
import { download } from '../../web/checkpoint/files/download.js';
import { breakOff, troubled, whole, type Answers, type Troubles } from '../web/http.js';
import { failureOf } from '../web/tiny-checkpoint.js';
import { bytes, length, sameAs, serving } from './served-file.js';

const gzipped = gzipSync(bytes);
const put = serving();

async function read(
  url: string,
  signal = new AbortController().signal,
  stallTimeout?: number,
): Promise<Uint8Array | undefined> {
  const stream = await download({ kind: 'url', url, stallTimeout }, signal);
  return stream && (await new ByteReader(stream, url, signal).read(Infinity));
}

describe('a broken connection is resumed where it broke', () => {
  it.each([0, 1, 1000, 65_536, length - 1])('after %d bytes', async (at) => {
    const { url, requests } = put(troubled(bytes, { breaks: [at], tags: ['"1"'] }));
    expect(sameAs(await read(url))).toBe(true);
    const rest = at > 0 ? { range: `bytes=${at}-`, ifRange: '"1"' } : {};
    expect(requests()).toMatchObject([{ range: undefined, ifRange: undefined }, rest]);
  });

  it('as often as something new has come, within bounds', async () => {
    const breaks = [0, 1, 2, 5000, 100_000, 200_000, length - 1];
    const { url, requests } = put(troubled(bytes, { breaks, tags: ['"1"'] }));
    expect(sameAs(await read(url))).toBe(true);
    expect(requests()).toHaveLength(breaks.length + 1);
  });

  it.each<[string, Troubles]>([
    ['without a length', { length: false, tags: ['"1"'] }],
    ['without Range requests', { ranges: false, tags: ['"1"'] }],
    ['with neither', { ranges: false, length: false, tags: ['"1"'] }],
    ['without a version', {}],
    ['with a weak version', { tags: ['W/"1"'] }],
    ['with none of it', { ranges: false, length: false }],
  ])('%s', async (_, troubles) => {
    const { url } = put(troubled(bytes, { ...troubles, breaks: [1, 150_000] }));
    expect(sameAs(await read(url))).toBe(true);
  });

  it.each([[], ['"1"']])(
    'also between the last byte and the sign that it was the last (ETag %s)',
    async (...tags) => {
      const { url } = put(troubled(bytes, { length: false, breaks: [length], tags }));
      expect(sameAs(await read(url))).toBe(true);
    },
  );

  it.each([1, 1000, gzipped.length - 1])('compressed on the way, after %d bytes', async (at) => {
    let tries = 0;
    const { url, requests } = put((response, request) => {
      response.writeHead(request.headers.range ? 400 : 200, { 'content-encoding': 'gzip', etag: 'W/"1"' });
      response.write(gzipped.subarray(0, ++tries > 1 ? gzipped.length : at));
      if (tries > 1) response.end();
      else breakOff(response);
    });
    expect(sameAs(await read(url))).toBe(true);
    expect(requests()).toHaveLength(2);
  });

  it.each<[string, Troubles]>([
    ['with Range requests', {}],
    ['without', { ranges: false }],
    ['without a length', { length: false }],
  ])('unless the file has changed meanwhile, which is reported (%s)', async (_, troubles) => {
    const { url, requests } = put(troubled(bytes, { ...troubles, breaks: [1000], tags: ['"1"', '"2"'] }));
    expect(await failureOf(read(url))).toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(
        /changed on its server while it was being read \(status 20[06], after 1,000 bytes\)/,
      ),
    });
    expect(requests()).toHaveLength(2);
  });

  it('unless it is of another length, or gone', async () => {
    let tries = 0;
    const shorter = put((response, request) =>
      troubled(tries++ === 0 ? bytes : bytes.subarray(1), { breaks: tries === 1 ? [1000] : [] })(
        response,
        request,
      ),
    );
    expect(await failureOf(read(shorter.url))).toMatchObject({ message: expect.stringContaining('changed') });
    const gone = put((response, request) =>
      tries++ === 2 ? troubled(bytes, { breaks: [1000] })(response, request) : response.writeHead(404).end(),
    );
    expect(await failureOf(read(gone.url))).toMatchObject({
      message: expect.stringContaining('(status 404'),
    });
  });
});

describe('what comes after a break is never of another place or version', () => {
  /** The same length, and other bytes from the middle on. */
  const others = bytes.slice();
  for (let i = length / 2; i < length; i++) others[i] ^= 0xff;

  /** Breaks in the middle of `first`; what `rest` says is answered from then on. */
  function brokenThen(headers: Record<string, string>, rest: Answers[string]) {
    let tries = 0;
    return put((response, request) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (tries++ > 0) return rest(response, request);
      response.writeHead(200, { 'content-length': length }).write(bytes.subarray(0, (length / 4) * 3));
      breakOff(response);
    });
  }

  const part = (start: number, file = bytes): Answers[string] => {
    return (response) =>
      response
        .writeHead(206, { 'content-range': `bytes ${start}-${length - 1}/${length}` })
        .end(file.subarray(start));
  };

  it.each([
    ['from another place', part((length / 4) * 3 - 8000)],
    ['from the front', part(0)],
    ['without saying from where', (response) => response.writeHead(206).end(bytes.subarray(100))],
    ['by refusing the range', (response) => response.writeHead(416, { 'content-range': 'bytes */7' }).end()],
  ])('a server that answers %s is asked for all of it', async (_, wrong) => {
    const { url, requests } = brokenThen({ etag: '"1"' }, (response, request) =>
      request.headers.range ? wrong(response, request) : whole(bytes)(response),
    );
    expect(sameAs(await read(url))).toBe(true);
    expect(requests().map(({ range }) => range)).toEqual([
      undefined,
      `bytes=${(length / 4) * 3}-`,
      undefined,
    ]);
  });

  it.each([
    ['no version', {}],
    ['a weak version that stays the same', { etag: 'W/"1"' }],
  ])(
    'a file that is swapped for one of the same length is refused where the server shows %s',
    async (_, headers) => {
      const { url, requests } = brokenThen(headers, (response, request) => {
        if (request.headers.range) part((length / 4) * 3, others)(response, request);
        else whole(others)(response);
      });
      expect(await failureOf(read(url))).toMatchObject({
        code: 'unreadable',
        message: expect.stringContaining('changed on its server while it was being read'),
      });
      expect(requests().map(({ range }) => range)).toEqual([undefined, undefined]);
    },
  );

  it('a file is resumed by the time of its last change, and refused when that is another', async () => {
    const modified = 'Thu, 01 Jan 2026 00:00:00 GMT';
    const kept = brokenThen({ 'last-modified': modified }, part((length / 4) * 3));
    expect(sameAs(await read(kept.url))).toBe(true);
    expect(kept.requests()[1]).toMatchObject({ range: `bytes=${(length / 4) * 3}-`, ifRange: modified });
    const changed = brokenThen({ 'last-modified': modified }, (response, request) => {
      response.setHeader('last-modified', 'Fri, 02 Jan 2026 00:00:00 GMT');
      part((length / 4) * 3, others)(response, request);
    });
    expect(await failureOf(read(changed.url))).toMatchObject({ message: expect.stringContaining('changed') });
  });

  it('a part that ends too early is resumed too', async () => {
    const { url, requests } = brokenThen({ etag: '"1"' }, (response, request) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0]);
      const end = Math.min(start + 50_000, length);
      response
        .writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${length}` })
        .end(bytes.subarray(start, end));
    });
    expect(sameAs(await read(url))).toBe(true);
    expect(requests().map(({ range }) => range)).toEqual([undefined, 'bytes=225000-', 'bytes=275000-']);
  });
});

describe('a server that stops sending', () => {
  const stall = 200;
  const patient = (url: string) => read(url, undefined, stall);

  it.each<[string, Answers[string], string]>([
    ['before it answers', () => undefined, 'Could not fetch'],
    ['behind its headers', (response) => response.writeHead(200).flushHeaders(), 'broke off after 0 bytes'],
    [
      'in the middle',
      (response, request) => {
        response.setHeader('etag', '"1"');
        const range = request.headers.range ? { 'content-range': `bytes 1000-${length - 1}/${length}` } : {};
        response.writeHead(request.headers.range ? 206 : 200, range).flushHeaders();
        if (!request.headers.range) response.write(bytes.subarray(0, 1000));
      },
      'broke off after 1,000 bytes',
    ],
  ])('%s is given up', async (_, answer, says) => {
    const { url, requests } = put(answer);
    const begun = performance.now();
    const error = await failureOf(patient(url));
    expect(error).toMatchObject({ code: 'unreadable', message: expect.stringContaining(says) });
    expect((error as Error).message).toContain('nothing arrived for 0.2 s');
    expect(performance.now() - begun).toBeLessThan(8000);
    expect(requests().length).toBeLessThanOrEqual(4);
  });

  it('once is asked again, and its connection is closed', async () => {
    let tries = 0;
    let closed = false;
    const { url } = put((response, request) => {
      if (tries++ > 0) return troubled(bytes, { tags: ['"1"'] })(response, request);
      response.once('close', () => (closed = true));
      response.writeHead(200, { etag: '"1"', 'content-length': length }).write(bytes.subarray(0, 1000));
    });
    expect(sameAs(await patient(url))).toBe(true);
    expect(closed).toBe(true);
  });

  it('is waited for while anything arrives', async () => {
    const { url, requests } = put((response) => {
      response.writeHead(200, { 'content-length': 20 });
      let at = 0;
      const timer = setInterval(() => {
        response.write(bytes.subarray(at, at + 1));
        if (++at === 20) clearInterval(timer);
      }, stall / 4);
    });
    expect(await patient(url)).toEqual(bytes.subarray(0, 20));
    expect(requests()).toHaveLength(1);
  });

  it('after one byte of every connection is given up', async () => {
    const { url, requests } = put((response, request) => {
      const at = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
      response.setHeader('etag', '"1"');
      if (at > 0) response.setHeader('content-range', `bytes ${at}-${length - 1}/${length}`);
      response.writeHead(at > 0 ? 206 : 200).write(bytes.subarray(at, at + 1));
      breakOff(response);
    });
    expect(await failureOf(patient(url))).toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('requested 9 times'),
    });
    expect(requests()).toHaveLength(9);
  });
});

describe('a server that asks to wait', () => {
  const busyOnce = (retryAfter: string) => {
    let tries = 0;
    return put((response) =>
      tries++ > 0 ? whole(bytes)(response) : response.writeHead(429, { 'retry-after': retryAfter }).end(),
    );
  };

  it.each(['1', () => new Date(Date.now() + 2000).toUTCString()])(
    'for a moment is given that time: %s',
    async (when) => {
      const { url } = busyOnce(typeof when === 'string' ? when : when());
      const begun = performance.now();
      expect(sameAs(await read(url))).toBe(true);
      expect(performance.now() - begun).toBeGreaterThan(950);
    },
  );

  it('for longer than a stall may last is not, and the error says how long', async () => {
    const { url, requests } = busyOnce('3600');
    expect(await failureOf(read(url))).toMatchObject({
      code: 'unreadable',
      message: `Got status 429 from ${url} (tried once, 0 bytes received): try again in 3,600 seconds.`,
    });
    expect(requests()).toHaveLength(1);
  });
});

describe('what fails three times in a row', () => {
  it('by breaking off is reported with address, status and bytes', async () => {
    const { url, requests } = put(troubled(bytes, { ranges: false, breaks: [1000, 1000, 1000, 1000] }));
    const error = await failureOf(read(url));
    expect(error).toMatchObject({ name: 'VitError', code: 'unreadable' });
    const { message } = error as Error;
    expect(message).toContain(`Reading ${url} broke off after 1,000 bytes`);
    expect(message).toContain('status 200, tried 3 times in a row');
    expect(requests()).toHaveLength(3);
  });

  it('with a temporary status is reported, and two times are not', async () => {
    let tries = 0;
    const { url, requests } = put((response) => response.writeHead(++tries > 2 ? 429 : 503).end());
    expect(await failureOf(read(url))).toMatchObject({
      code: 'unreadable',
      message: `Got status 429 from ${url} (tried 3 times in a row, 0 bytes received): try again later.`,
    });
    expect(requests()).toHaveLength(3);
    const better = put((response) => (tries++ > 4 ? whole(bytes)(response) : response.writeHead(503).end()));
    expect(sameAs(await read(better.url))).toBe(true);
    expect(better.requests()).toHaveLength(3);
  });

  it('because there is no server is reported', async () => {
    expect(await failureOf(read('http://127.0.0.1:1/x'))).toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(
        /^Could not fetch http:\/\/127.0.0.1:1\/x \(.+; tried 3 times in a row, 0 bytes received\): check the address and the network connection\.$/,
      ),
    });
  });
});

describe('no second try', () => {
  it('for a file that does not exist', async () => {
    const { url, requests } = put((response) => response.writeHead(404).end());
    expect(await read(url)).toBeUndefined();
    expect(requests()).toHaveLength(1);
  });

  it.each([400, 401, 403, 501])('for status %d', async (status) => {
    const { url, requests } = put((response) => response.writeHead(status).end());
    expect(await failureOf(read(url))).toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining(`Got status ${status} from ${url}`),
    });
    expect(requests()).toHaveLength(1);
  });
});

describe('the connection is closed', () => {
  /** A file whose second half never comes. */
  function stalled() {
    let closed: () => void;
    const letGo = new Promise<void>((resolve) => (closed = resolve));
    const file = put((response) => {
      response.once('close', closed);
      response.writeHead(200, { 'content-length': length }).write(bytes.subarray(0, length / 2));
    });
    return { url: file.url, letGo };
  }

  it('when the signal aborts', async () => {
    const abort = new AbortController();
    const { url, letGo } = stalled();
    const reading = failureOf(read(url, abort.signal));
    setTimeout(() => abort.abort('enough'), 100);
    expect(await reading).toBe('enough');
    await letGo;
  });

  it('when the stream is cancelled', async () => {
    const { url, letGo } = stalled();
    const stream = await download({ kind: 'url', url }, new AbortController().signal);
    await stream?.next();
    await stream?.cancel();
    await letGo;
  });

  it('and not asked for again when the signal aborts between two tries', async () => {
    const abort = new AbortController();
    const { url, requests } = put((response) => response.writeHead(503).end());
    const reading = failureOf(read(url, abort.signal));
    setTimeout(() => abort.abort('enough'), 100);
    expect(await reading).toBe('enough');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(requests()).toHaveLength(1);
  });
});
