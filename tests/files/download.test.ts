// One file over HTTP from servers in all kinds of trouble.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';

import { ByteReader } from '../../web/checkpoint/files/byte-reader.js';
import { download } from '../../web/checkpoint/files/download.js';
import { serveHttp, troubled, whole, type Answers, type TestServer, type Troubles } from '../web/http.js';
import { failureOf } from '../web/tiny-checkpoint.js';

// Incompressible, so that its gzip is longer than itself and comes in several pieces too.
const bytes = new Uint8Array(300_000);
for (let i = 0, state = 1; i < bytes.length; i++) {
  state = (state * 48271) % 2147483647;
  bytes[i] = state;
}
const gzipped = gzipSync(bytes);
const { length } = bytes;

const answers: Answers = {};
let server: TestServer;
beforeAll(async () => {
  server = await serveHttp(answers);
});
afterAll(() => server.close());

let count = 0;
/** Puts a file on the server, at an address of its own. */
function put(answer: Answers[string]): { url: string; requests: () => TestServer['requests'] } {
  const path = `/${++count}`;
  answers[path] = answer;
  return {
    url: server.url.slice(0, -1) + path,
    requests: () => server.requests.filter((request) => request.path === path),
  };
}

async function read(url: string, signal = new AbortController().signal): Promise<Uint8Array | undefined> {
  const stream = await download({ kind: 'url', url }, signal);
  return stream && (await new ByteReader(stream, url, signal).read(Infinity));
}

/** Whether these are the file's bytes; `toEqual` takes seconds for so many. */
const sameAs = (found: Uint8Array | undefined) => found !== undefined && Buffer.compare(found, bytes) === 0;

describe('a broken connection is taken up where it broke', () => {
  it.each([0, 1, 1000, 65_536, length - 1])('after %d bytes', async (at) => {
    const { url, requests } = put(troubled(bytes, { breaks: [at] }));
    expect(sameAs(await read(url))).toBe(true);
    expect(requests().map(({ range }) => range)).toEqual([undefined, at > 0 ? `bytes=${at}-` : undefined]);
  });

  it('as often as something new has come', async () => {
    const breaks = [0, 1, 2, 5000, 100_000, 200_000, length - 1];
    const { url, requests } = put(troubled(bytes, { breaks, tags: ['"1"'] }));
    expect(sameAs(await read(url))).toBe(true);
    expect(requests()).toHaveLength(breaks.length + 1);
  });

  it.each<[string, Troubles]>([
    ['without a length', { length: false }],
    ['without Range requests', { ranges: false }],
    ['with neither', { ranges: false, length: false }],
    ['with a tag that stays', { tags: ['"1"'] }],
    ['with a tag that stays and no Range requests', { tags: ['W/"1"'], ranges: false }],
  ])('%s', async (_, troubles) => {
    const { url } = put(troubled(bytes, { ...troubles, breaks: [1, 150_000] }));
    expect(sameAs(await read(url))).toBe(true);
  });

  it('also between the last byte and the sign that it was the last', async () => {
    const { url } = put(troubled(bytes, { length: false, breaks: [length] }));
    expect(sameAs(await read(url))).toBe(true);
  });

  it.each([1, 1000, gzipped.length - 1])('compressed on the way, after %d bytes', async (at) => {
    let tries = 0;
    const { url, requests } = put((response, request) => {
      response.writeHead(request.headers.range ? 400 : 200, { 'content-encoding': 'gzip', etag: 'W/"1"' });
      response.write(gzipped.subarray(0, ++tries > 1 ? gzipped.length : at));
      if (tries > 1) response.end();
      else setTimeout(() => response.destroy(), 20);
    });
    expect(sameAs(await read(url))).toBe(true);
    expect(requests()).toHaveLength(2);
  });

  it.each<[string, Troubles]>([
    ['with Range requests', {}],
    ['without', { ranges: false }],
    ['without a length', { length: false }],
  ])('unless the file has changed meanwhile, which is told (%s)', async (_, troubles) => {
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

describe('what fails three times in a row', () => {
  it('by breaking off is told with address, status and bytes', async () => {
    const { url, requests } = put(troubled(bytes, { ranges: false, breaks: [1000, 1000, 1000, 1000] }));
    const error = await failureOf(read(url));
    expect(error).toMatchObject({ name: 'VitError', code: 'unreadable' });
    const { message } = error as Error;
    expect(message).toContain(`Reading ${url} broke off after 1,000 bytes`);
    expect(message).toContain('status 200, tried 3 times in a row');
    expect(requests()).toHaveLength(3);
  });

  it('by a status that passes is told, and two times are not', async () => {
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

  it('because no server is there is told', async () => {
    expect(await failureOf(read('http://127.0.0.1:1/x'))).toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(
        /^Could not fetch http:\/\/127.0.0.1:1\/x \(.+; tried 3 times in a row, 0 bytes/,
      ),
    });
  });
});

describe('no second try', () => {
  it('for a file that is not there', async () => {
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

describe('the connection is let go', () => {
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
