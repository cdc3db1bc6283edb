// A host on a slow network: every answer waits for a round trip, and all of them share one line. It speaks HTTP/2, as hosts
// of static pages do: over HTTP/1.1 a browser would ask for six files at a time.
import { createHash, createPublicKey } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { constants, createSecureServer, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { generate } from 'selfsigned';

import { types } from './server.js';

export interface Line {
  /** Bytes per second of all answers together. */
  readonly rate: number;
  /** Milliseconds from a request to the first byte of its answer. */
  readonly roundTrip: number;
}

/** A telephone's: 1.6 Mbit/s, as Lighthouse has it for its slow 4G. */
export const phone: Line = { rate: 200_000, roundTrip: 150 };

export interface SlowServer {
  readonly origin: string;
  /**
   * What was asked for: the path, the milliseconds since the first request at which it came and was all sent, the bytes that
   * were sent, and whether whoever asked has gone before.
   */
  readonly log: { path: string; asked: number; sent: number; bytes: number; isGone: boolean }[];
  close(): Promise<void>;
}

type Fault = number | 'half';

export interface Behavior {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What browsers must not keep. */
  readonly noStore?: RegExp | undefined;
  /**
   * Called before a path is answered, which waits for it. A number is the status that is sent instead of the file; 'half':
   * the connection breaks in the middle of it.
   */
  readonly before?: ((path: string) => Promise<Fault | void> | Fault | void) | undefined;
}

const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
const publicKey = createPublicKey(cert).export({ type: 'spki', format: 'der' });
/** Makes Chromium trust the host: of one whose certificate is only ignored, it would keep nothing. */
export const trust = `--ignore-certificate-errors-spki-list=${createHash('sha256').update(publicKey).digest('base64')}`;

/** Seconds of the line's time that one answer has before another has its turn. */
const turn = 0.02;

/** Serves files over the line. */
export async function startSlowServer(
  files: Site,
  { rate, roundTrip }: Line,
  { headers = {}, noStore, before }: Behavior,
): Promise<SlowServer> {
  const log: SlowServer['log'] = [];
  const started = { at: NaN };
  const now = () => performance.now() - started.at;
  /** When the line is free again, by the clock; what a busy machine sends late it makes up for. */
  let free = 0;
  let sending = 0;

  /** Answers take turns, a piece each, so that a small file does not wait for the end of a large one. */
  const send = async (body: Buffer, response: Http2ServerResponse, row: SlowServer['log'][number]) => {
    const piece = rate * turn;
    if (sending++ === 0) free = Math.max(free, performance.now());
    for (let at = 0; at < body.length && !response.stream.destroyed; at += piece) {
      const bytes = body.subarray(at, at + piece);
      free += (1000 * bytes.length) / rate;
      await until(free);
      response.write(bytes);
      row.bytes += bytes.length;
    }
    sending--;
    response.end();
  };

  const server = createSecureServer({ key, cert }, (request, response) => {
    if (Number.isNaN(started.at)) started.at = performance.now();
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const row = { path: pathname, asked: now(), sent: NaN, bytes: 0, isGone: false };
    log.push(row);
    response.on('close', () => (row.isGone = !response.writableEnded));
    void (async () => {
      await until(performance.now() + roundTrip);
      const fault = await before?.(pathname);
      if (row.isGone) return;
      if (typeof fault === 'number') return response.writeHead(fault, headers).end();
      const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
      const body = files.get(path);
      if (!body) return response.writeHead(404, headers).end();
      const type = types[extname(path)];
      if (type) response.setHeader('Content-Encoding', 'br');
      // Hosts of static pages let browsers keep files for some minutes.
      response.writeHead(200, {
        ...headers,
        'Content-Type': type ?? 'application/octet-stream',
        'Content-Length': body.length,
        'Cache-Control': noStore?.test(path) ? 'no-store' : 'max-age=600',
      });
      if (fault === 'half') {
        response.write(body.subarray(0, body.length / 2));
        return response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      }
      await send(body, response, row);
      row.sent = now();
      return;
    })();
  });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    log,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

/** A folder's files by their paths; text and WebAssembly compressed by Brotli, as hosts do. */
export type Site = ReadonlyMap<string, Buffer>;

/** Compresses a folder's files, which takes seconds. */
export async function readSite(folder: string): Promise<Site> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const body = await readFile(file);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    files.set(path, types[extname(file)] ? brotliCompressSync(body) : body);
  }
  return files;
}

const until = (time: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
