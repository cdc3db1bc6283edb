// Serves folders to the benchmark's pages, isolated so that clocks are fine and threads possible.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { pipeline, Transform } from 'node:stream';

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Bytes of a file that are read at once: in Node's usual 64 KB the server would take as long as those it serves. */
const readBytes = 1 << 20;

const usual = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  // So that a second visit finds in the browser's own cache what a CDN would have let it keep.
  'Cache-Control': 'max-age=3600',
};

/**
 * Serves `folders`, { '/prefix/': folder }, on this machine. `served` lists the files that were asked for, for whoever
 * wants to know what a page takes over the wire, `sent` how much of them, { file, bytes }. Whoever sets `pace` has each
 * answer sent at so many bytes a second.
 */
export async function serve(folders) {
  const served = [];
  const sent = [];
  const state = { folders, served, sent, pace: Infinity };
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const prefix = Object.keys(folders).find((candidate) => path.startsWith(candidate));
    const file = prefix && join(folders[prefix], path.slice(prefix.length));
    const stat = file && statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) {
      response.writeHead(404, usual).end();
      return;
    }
    served.push(file);
    const type = types[extname(file)] ?? 'application/octet-stream';
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(from ?? 0);
    const end = Math.min(Number(to || Infinity), stat.size - 1);
    if (start > end) {
      response.writeHead(416, { ...usual, 'Content-Range': `bytes */${stat.size}` }).end();
      return;
    }
    const sending = { file, bytes: 0 };
    sent.push(sending);
    response.writeHead(from === undefined ? 200 : 206, {
      ...usual,
      'Content-Type': type,
      'Content-Length': end + 1 - start,
      'Accept-Ranges': 'bytes',
      ETag: `"${stat.mtimeMs}"`,
      ...(from !== undefined && { 'Content-Range': `bytes ${start}-${end}/${stat.size}` }),
    });
    const { pace } = state;
    const highWaterMark = Math.min(readBytes, pace / 100);
    const counted = new Transform({
      highWaterMark,
      transform(piece, _, done) {
        sending.bytes += piece.length;
        if (pace === Infinity) done(null, piece);
        else setTimeout(() => done(null, piece), (1000 * piece.length) / pace);
      },
    });
    // Whoever has read enough closes the connection.
    pipeline(createReadStream(file, { start, end, highWaterMark }), counted, response, () => undefined);
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return Object.assign(state, { origin: `http://localhost:${server.address().port}`, close });
}
