import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  /** Ends with a slash. */
  readonly url: string;
  /** The addresses that were asked for, with the headers. */
  readonly requests: {
    path: string;
    authorization: string | undefined;
    range: string | undefined;
    ifRange: string | undefined;
  }[];
  close(): Promise<void>;
}

/** How a path is answered. */
export type Answers = Record<string, (response: ServerResponse, request: IncomingMessage) => void>;

/** A real server on this machine; what is not in `answers` is not found. */
export async function serveHttp(answers: Answers): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const {
      authorization,
      range,
      'if-range': ifRange,
    } = request.headers as Record<string, string | undefined>;
    requests.push({ path, authorization, range, ifRange });
    const answer = answers[path];
    if (answer) return answer(response, request);
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const json = (value: unknown) => (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

/** A file whose length is told. */
export const whole = (bytes: Uint8Array) => (response: ServerResponse) => {
  response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
};

/** A file in chunks of `size` bytes, whose length is not told. */
export const chunked = (bytes: Uint8Array, size: number) => (response: ServerResponse) => {
  response.writeHead(200);
  for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
  response.end();
};

/** What single-page applications answer to everything. */
export const page = (response: ServerResponse) => {
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end('<!DOCTYPE html><div id="app"></div>');
};

/**
 * Closes the connection when the client has had time to read what was written, on a busy machine too: the answer stays
 * incomplete. A browser that has received nothing by then repeats the request without telling anyone, and what it
 * received just then is lost.
 */
export const breakOff = (response: ServerResponse) =>
  void setTimeout(() => response.socket?.destroySoon(), 200);

/** How a server fails at a file, and what it can do. */
export interface Troubles {
  /** Where the connection breaks in each answer, one after another: bytes of the whole file. Afterwards it holds. */
  readonly breaks?: readonly number[];
  /** Whether it answers Range requests. Default true. */
  readonly ranges?: boolean;
  /** Whether it tells the length of the file. Default true. */
  readonly length?: boolean;
  /** The file's ETag in each answer; the last one stays. Without any it shows no version, and gets no Range requests. */
  readonly tags?: readonly string[];
}

/** A file from a server in trouble: what breaks, and what a second request finds. */
export function troubled(bytes: Uint8Array, troubles: Troubles = {}) {
  const { breaks = [], ranges = true, length = true, tags = [] } = troubles;
  let answers = 0;
  return (response: ServerResponse, request: IncomingMessage) => {
    const answer = answers++;
    const asked = ranges ? /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] : undefined;
    const from = Number(asked ?? 0);
    const tag = tags[Math.min(answer, tags.length - 1)];
    if (tag) response.setHeader('etag', tag);
    if (asked !== undefined) {
      response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
      if (from >= bytes.length) {
        response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
        return;
      }
    }
    if (length) response.setHeader('content-length', bytes.length - from);
    response.writeHead(asked === undefined ? 200 : 206);
    const end = breaks[answer];
    if (end === undefined) {
      response.end(bytes.subarray(from));
      return;
    }
    response.flushHeaders();
    if (end > from) response.write(bytes.subarray(from, end));
    breakOff(response);
  };
}
