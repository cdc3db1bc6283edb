// The consumers that take a moment. The others are in matrix.consumers.ts.
import { surroundings, testConsumer, testExample, type Consumer } from './consumer.js';

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

testConsumer({ ...vite8, name: 'Vite 8 build' }, around);

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
