// Serves the demo on this machine; run by itself it builds first. PORT chooses the port.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { build } from './build.mjs';
import { architectures, benchmark, offlineFiles } from './demo.mjs';
import { docs, makeDocs } from './docs.mjs';
import { Failure, main, root } from './shell.mjs';

/** Which folder serves which part of the address; the first match counts. */
const folders = {
  '/dist/': join(root, 'dist'),
  '/docs/': docs,
  '/models/': join(root, 'models'),
  '/examples/': join(root, 'examples'),
  '/': join(root, 'examples/demo'),
};

const types = {
  '.css': 'text/css',
  '.gif': 'image/gif',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.safetensors': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
};

/** The file that a request asks for, or undefined. `normalize` keeps `..` from leaving the folder. */
function fileFor(url) {
  const path = normalize(decodeURIComponent(url.split('?')[0]));
  if (path === '/architectures.svg') return architectures;
  const prefix = Object.keys(folders).find((candidate) => path.startsWith(candidate));
  if (!prefix) return undefined;
  const name = path.endsWith('/') ? `${path}index.html` : path;
  const file = join(folders[prefix], name.slice(prefix.length));
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

/** Files that are made when they are asked for. */
const made = { '/files.json': () => JSON.stringify(offlineFiles()), '/bench.json': benchmark };

function answer(request, response) {
  if (made[request.url]) {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(made[request.url]());
    return;
  }
  let file;
  try {
    file = fileFor(request.url);
  } catch {
    // A malformed address names no file either.
  }
  if (!file) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is no such file.');
    return;
  }
  response.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Length': statSync(file).size,
    'Cache-Control': 'no-cache',
    // Isolated, the page may share memory with its workers, so that models get threads.
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  });
  createReadStream(file).pipe(response);
}

/** Serves what was built, until the server that this resolves to is closed. Port 0 takes any free port. */
export function serve(port) {
  return new Promise((resolve, reject) => {
    const taken = `Port ${port} is taken; choose another: PORT=8081 npm start.`;
    const server = createServer(answer);
    server.on('error', (error) => reject(error.code === 'EADDRINUSE' ? new Failure(taken) : error));
    server.listen(port, 'localhost', () => resolve(server));
  });
}

await main(import.meta, async () => {
  build();
  makeDocs();
  const server = await serve(Number(process.env.PORT ?? 8080));
  console.log(`The demo: http://localhost:${server.address().port}/`);
});
