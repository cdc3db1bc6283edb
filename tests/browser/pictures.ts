// The small picture of page/pictures.js, and a server's routes for the page that reads it with web/pictures/sources.ts.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

import { page as anyPage, type Route } from './server.js';

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../../web/pictures/sources.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  write: false,
});

export const answer =
  (type: string, body: string | Buffer): Route =>
  (_request, response) => {
    response.writeHead(200, { 'Content-Type': type }).end(body);
  };
/** One pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

export const routes: Record<string, Route> = {
  '/pixels.js': answer('text/javascript', outputFiles[0].text),
  '/script/': new URL('page/', import.meta.url),
  '/stalled.png': (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': 1000 }).write('x');
  },
  '/page/': anyPage,
};

export const width = 4;
export const height = 3;
/** RGBA, opaque. */
export const bytes = Array.from({ length: 4 * width * height }, (_, at) =>
  at % 4 === 3 ? 255 : (at * 37) % 256,
);

/** What a source that has no pixels is refused with. */
export interface Refusal {
  code: string;
  message: string;
}

/** Runs in the page: calls what page/pictures.js exports. */
export async function callPictures({ name, args }: { name: string; args: unknown[] }): Promise<unknown> {
  const address = '/script/pictures.js';
  const script = (await import(address)) as Record<string, (...args: unknown[]) => unknown>;
  return await script[name](...args);
}
