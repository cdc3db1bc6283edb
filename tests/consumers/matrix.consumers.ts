// The consumers that take their time, run by `npm run test:consumers`. The quick ones are in quick.test.ts.
import { describe, expect, it } from '@jest/globals';

import { siteOf, surroundings, testConsumer, testExample, type Consumer, type Site } from './consumer.js';
import type { Project } from './project.js';
import { visit } from './visit.js';

const page = 'tests/consumers/page';
const around = surroundings();

/** Vite's own server. */
const vite =
  (script: string) =>
  (project: Project): Promise<Site> =>
    project.start(script, (port) => ['--port', String(port), '--strictPort']);
const next = (project: Project): Promise<Site> => project.start('start', (port) => ['--port', String(port)]);

/** A project whose scripts `build` it into `dist`. */
const built = (name: string, ...sources: string[]): Consumer => ({
  name,
  sources,
  build: 'build',
  serve: { '/': 'dist' },
  wasmFile: true,
});

const pages: Consumer[] = [
  { name: 'Vite 8 dev', sources: [page, 'tests/consumers/vite-8'], serve: vite('dev'), wasmFile: true },
  {
    name: 'Vite 6 dev, with optimizeDeps.exclude',
    sources: [page, 'tests/consumers/vite-6'],
    serve: vite('dev:exclude'),
    wasmFile: true,
  },
  {
    name: 'Vite 6 dev, with vit-wasm/inline',
    sources: [page, 'tests/consumers/inline', 'tests/consumers/vite-6'],
    serve: vite('dev'),
    wasmFile: false,
  },
  built('webpack 5', page, 'tests/consumers/webpack-5'),
  built('Rspack 2', page, 'tests/consumers/rspack-2'),
  built('Rollup 4 with import-meta-assets', page, 'tests/consumers/rollup-4'),
  {
    ...built(
      'Rollup 4 with vit-wasm/inline',
      page,
      'tests/consumers/inline',
      'tests/consumers/rollup-4-inline',
    ),
    wasmFile: false,
  },
  built('Parcel 2', page, 'tests/consumers/parcel-2'),
];

const nextjs: Omit<Consumer, 'name'> = {
  sources: ['examples/next'],
  build: 'build',
  serve: next,
  renders: 'aria-label="Picture"',
  wasmFile: true,
};

const examples: Consumer[] = [
  built('examples/vite-react', 'examples/vite-react'),
  { name: 'examples/vite-react, dev', sources: ['examples/vite-react'], serve: vite('dev'), wasmFile: true },
  built('examples/svelte', 'examples/svelte'),
  built('examples/worker', 'examples/worker'),
  { ...nextjs, name: 'examples/next with Turbopack' },
  { ...nextjs, name: 'examples/next with webpack', build: 'build:webpack' },
];

for (const consumer of pages) testConsumer(consumer, around);
for (const consumer of examples) testExample(consumer, around);

describe('Vite 6 dev, as it comes', () => {
  const site = siteOf({
    name: 'Vite 6 dev, as it comes',
    sources: [page, 'tests/consumers/vite-6'],
    serve: vite('dev'),
    wasmFile: true,
  });

  it('says what came instead of the wasm, and what to do', async () => {
    const { page } = await visit(await around.context(), site().origin);
    const said = await page.locator('[role=alert]').textContent();
    expect(said).toMatch(/Got text\/html .*vit\.relaxed\.wasm.*optimizeDeps\.exclude/);
    await page.context().close();
  });
});
