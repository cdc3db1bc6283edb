// A file of 300,000 bytes on a server that answers as a test says, for the tests of downloads.
import { afterAll, beforeAll } from '@jest/globals';

import { serveHttp, type Answers, type TestServer } from '../web/http.js';

// Incompressible, so that its gzip is longer than itself and comes in several pieces too.
export const bytes = new Uint8Array(300_000);
for (let i = 0, state = 1; i < bytes.length; i++) {
  state = (state * 48271) % 2147483647;
  bytes[i] = state;
}
export const { length } = bytes;

/** Whether these are the file's bytes; `toEqual` takes seconds for so many. */
export const sameAs = (found: Uint8Array | undefined) =>
  found !== undefined && Buffer.compare(found, bytes) === 0;

/** For a file of tests: a function that puts a file on the server, at an address of its own. */
export function serving(): (answer: Answers[string]) => {
  url: string;
  requests: () => TestServer['requests'];
} {
  const answers: Answers = {};
  let server: TestServer;
  beforeAll(async () => {
    server = await serveHttp(answers);
  });
  afterAll(() => server.close());
  let count = 0;
  return (answer) => {
    const path = `/${++count}`;
    answers[path] = answer;
    return {
      url: server.url.slice(0, -1) + path,
      requests: () => server.requests.filter((request) => request.path === path),
    };
  };
}
