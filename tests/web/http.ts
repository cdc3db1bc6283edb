import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  /** Ends with a slash. */
  readonly url: string;
  /** The addresses that were asked for, with the headers. */
  readonly requests: { path: string; authorization: string | undefined }[];
  close(): Promise<void>;
}

/** How a path is answered. */
export type Answers = Record<string, (response: ServerResponse) => void>;

/** A real server on this machine; what is not in `answers` is not found. */
export async function serveHttp(answers: Answers): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push({ path, authorization: request.headers.authorization });
    const answer = answers[path];
    if (answer) return answer(response);
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
