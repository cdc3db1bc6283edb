// The consumers that take a moment. The others are in matrix.consumers.ts.
import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import { startServer } from '../browser/server.js';
import { surroundings, testConsumer, testExample, type Consumer, type Site } from './consumer.js';
import type { Project } from './project.js';

const page = 'tests/consumers/page';
const around = surroundings();

const vite8: Omit<Consumer, 'name'> = {
  sources: [page, 'tests/consumers/vite-8'],
  build: 'build',
  serve: { '/': 'dist' },
  wasmFile: true,
};

testConsumer(
  {
    name: 'no bundler',
    sources: [page, 'tests/consumers/plain', 'tests/consumers/no-bundler'],
    serve: { '/': '.' },
    wasmFile: true,
  },
  around,
);

testConsumer(
  {
    name: '<script>',
    sources: [page, 'tests/consumers/plain', 'tests/consumers/script'],
    serve: { '/': '.' },
    wasmFile: false,
  },
  around,
);

testConsumer(
  {
    name: 'a CDN',
    sources: [page, 'tests/consumers/plain', 'tests/consumers/cdn'],
    serve: fromElsewhere,
    wasmFile: true,
  },
  around,
);

/** The page from one origin, the package from another. */
async function fromElsewhere({ folder }: Project): Promise<Site> {
  const files = pathToFileURL(`${folder}/`);
  const cdn = await startServer(
    { '/vit-wasm/': new URL('node_modules/vit-wasm/', files) },
    { 'Access-Control-Allow-Origin': '*' },
  );
  const page = new URL('index.html', files);
  const html = await readFile(page, 'utf8');
  await writeFile(page, html.replace('https://cdn.example', cdn.origin));
  const site = await startServer({ '/': files });
  return { origin: site.origin, end: () => void [cdn.close(), site.close()] };
}

testExample(
  {
    name: 'examples/minimal',
    sources: ['tests/consumers/plain', 'examples/minimal'],
    serve: { '/dist/': 'node_modules/vit-wasm/dist', '/examples/minimal/': '.' },
    path: '/examples/minimal/',
    wasmFile: true,
  },
  around,
  async () => {},
);

testConsumer(
  {
    name: 'esbuild with vit-wasm/inline',
    sources: [page, 'tests/consumers/inline', 'tests/consumers/esbuild-inline'],
    build: 'build',
    serve: { '/': 'dist' },
    wasmFile: false,
  },
  around,
);

testConsumer(
  {
    name: 'esbuild with the file loader',
    sources: [page, 'tests/consumers/esbuild-files'],
    build: 'build',
    serve: { '/': 'dist' },
    variant: 'simd',
    wasmFile: true,
  },
  around,
);

testConsumer({ ...vite8, name: 'Vite 8 build' }, around);

testConsumer(
  {
    ...vite8,
    name: 'Vite 8 build, isolated, with threads',
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
    variant: 'relaxed-threads',
  },
  around,
);

testConsumer(
  {
    ...vite8,
    name: 'Vite 8 build under a strict policy',
    headers: {
      'Content-Security-Policy':
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'",
    },
  },
  around,
);
