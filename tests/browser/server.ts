import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What answers addresses below a prefix: a folder's files, or a function. */
export type Route = URL | ((request: IncomingMessage, response: ServerResponse) => void);

export interface Server {
  /** `http://localhost:…`, without a slash at the end. */
  readonly origin: string;
  /** The path of every request so far, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Headers by which a page may share memory with its workers. */
export const isolation: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Content types by the endings of files. */
export const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** A static server on a free port. The first prefix that fits answers; `headers` go with every answer. */
export async function startServer(
  routes: Readonly<Record<string, Route>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const requests: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(pathname);
    const prefix = Object.keys(routes).find((candidate) => pathname.startsWith(candidate));
    if (prefix === undefined) response.writeHead(404).end('There is no such file.');
    else if (routes[prefix] instanceof URL)
      await sendFile(routes[prefix], pathname.slice(prefix.length), response);
    else routes[prefix](request, response);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Some routes never end their answers.
        server.closeAllConnections();
      }),
  };
}

async function sendFile(folder: URL, path: string, response: ServerResponse): Promise<void> {
  const file = join(fileURLToPath(folder), /(^|\/)$/.test(path) ? `${path}index.html` : path);
  const size = await stat(file).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) {
    response.writeHead(404).end('There is no such file.');
    return;
  }
  const type = types[extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': size });
  createReadStream(file).pipe(response);
}

/** Answers with a page, as a server with a fallback for single-page applications does. */
export const page: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>A page</title>');
};
